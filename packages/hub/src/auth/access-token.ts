/**
 * What a client sends to say who it is. The hub's shared token, `base[:namespace]`: the caller names the namespace, as existing clients do. Or the
 * secret of one credential, `hapi_<id>.<secret>`: its namespace stands in the hub, and one that is named behind it must be that one.
 */
import { createHash, timingSafeEqual } from "node:crypto";

const maxTokenLength = 1_000;

export interface AccessToken {
  base: string;
  /** Null: none was named. */
  namespace: string | null;
}

export function parseAccessToken(text: string): AccessToken | null {
  const token = text.trim();
  if (token === "" || token.length > maxTokenLength) return null;
  const colon = token.lastIndexOf(":");
  if (colon < 0) return { base: token, namespace: null };
  const base = token.slice(0, colon);
  const namespace = token.slice(colon + 1);
  if (base === "" || namespace === "" || base !== base.trim() || namespace !== namespace.trim()) return null;
  return { base, namespace };
}

/** `id` may be read by anybody; scanners for leaked secrets know the beginning. */
export const credentialToken = (id: string, secret: string): string => `hapi_${id}.${secret}`;

export function parseCredentialToken(base: string): { id: string; secret: string } | null {
  const match = /^hapi_([\w-]{16})\.([\w-]{43})$/.exec(base);
  return match && { id: match[1] as string, secret: match[2] as string };
}

/** Of secrets that nobody can guess: they need no slow digest. */
export const digestOf = (secret: string): string => createHash("sha256").update(secret).digest("hex");

/** Equal lengths: the time says nothing about where they differ. */
export const isSameDigest = (one: string, other: string): boolean =>
  one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
