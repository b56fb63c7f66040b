/** The access token `base[:namespace]`: split on the last colon, the base compared in constant time. */
import { createHash, timingSafeEqual } from "node:crypto";

const maxTokenLength = 1_000;

export interface AccessToken {
  base: string;
  namespace: string;
}

export function parseAccessToken(text: string): AccessToken | null {
  const token = text.trim();
  if (token === "" || token.length > maxTokenLength) return null;
  const colon = token.lastIndexOf(":");
  if (colon < 0) return { base: token, namespace: "default" };
  const base = token.slice(0, colon);
  const namespace = token.slice(colon + 1);
  if (base === "" || namespace === "" || base !== base.trim() || namespace !== namespace.trim()) return null;
  return { base, namespace };
}

export interface Credentials {
  /** The namespace of a valid token, or null. */
  namespaceOf(token: string): string | null;
}

export function createCredentials(secret: string): Credentials {
  const expected = digest(secret);
  return {
    namespaceOf(token) {
      const parsed = parseAccessToken(token);
      // Equal digests of equal length: the time says nothing about where they differ.
      return parsed && timingSafeEqual(digest(parsed.base), expected) ? parsed.namespace : null;
    },
  };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
