/**
 * The JWT of a hub: got with the access token, kept until shortly before it ends, renewed by one call at a time however many ask. A hub
 * that refuses the access token is not asked again for a while.
 */
import { AppError, parser } from "@hapi/protocol";
import * as z from "zod/mini";
import type { Clock } from "./clock.ts";
import type { Http } from "./http.ts";

/** Renewed this long before it ends. */
const RENEW_BEFORE_MS = 60_000;
const REFUSED_FOR_MS = 15_000;

const authAnswer = parser(
  z.looseObject({
    token: z.string(),
    refresh: z.optional(z.string()),
    user: z.optional(z.looseObject({ id: z.optional(z.number()), firstName: z.optional(z.string()) })),
  }),
);
const payload = parser(z.looseObject({ exp: z.number() }));

export interface SignedIn {
  token: string;
  /** What is to be sent next time, where that is something else: a code was good for once, a device's secret is renewed. */
  refresh?: string;
  user: { id?: number; firstName?: string };
}

/** One exchange, for signing in: throws `invalid_access_token` for a wrong token. */
export async function exchangeToken(http: Http, accessToken: string, signal?: AbortSignal): Promise<SignedIn> {
  const answer = authAnswer(await http.call("POST", "/api/auth", { body: { accessToken }, signal }));
  if (!answer) throw new AppError("protocol_mismatch");
  const { token, refresh, user = {} } = answer;
  return { token, user, ...(refresh === undefined ? {} : { refresh }) };
}

/** When the token ends, in ms; null when it doesn't say. */
export function expiryOf(jwt: string): number | null {
  const part = jwt.split(".")[1];
  if (part === undefined) return null;
  try {
    const claims = payload(JSON.parse(atob(part.replaceAll("-", "+").replaceAll("_", "/"))));
    return claims && claims.exp * 1000;
  } catch {
    // Not a JWT we can read: it is used until the hub refuses it.
    return null;
  }
}

export interface TokenKeeper {
  /** A token that is still good. */
  current(): Promise<string>;
  /** The hub refused this one; the next `current` gets another. */
  refused(token: string): void;
}

export interface TokenKeeperOptions {
  http: Http;
  accessToken: () => string | null;
  clock: Clock;
  /** From now on this is the access token. */
  onRenewed?: (accessToken: string) => void;
  /** The hub does not take the access token any more. */
  onSignedOut?: (error: AppError) => void;
}

export function createTokenKeeper({ http, accessToken, clock, onRenewed, onSignedOut }: TokenKeeperOptions): TokenKeeper {
  let token: string | null = null;
  let expiresAt: number | null = null;
  let running: Promise<string> | null = null;
  let refusal: { error: AppError; until: number; accessToken: string } | null = null;

  async function renew(): Promise<string> {
    const secret = accessToken();
    if (secret === null) throw new AppError("missing_token");
    if (refusal && refusal.accessToken === secret && clock.now() < refusal.until) throw refusal.error;
    try {
      const signedIn = await exchangeToken(http, secret);
      token = signedIn.token;
      if (signedIn.refresh !== undefined) onRenewed?.(signedIn.refresh);
      expiresAt = expiryOf(token);
      refusal = null;
      return token;
    } catch (cause) {
      if (cause instanceof AppError && cause.status === 401) {
        // Other hubs name no code; here only the access token can be meant.
        const error = new AppError("invalid_access_token", cause.message, { cause });
        refusal = { error, until: clock.now() + REFUSED_FOR_MS, accessToken: secret };
        onSignedOut?.(error);
        throw error;
      }
      throw cause;
    }
  }

  return {
    current() {
      const isGood = token !== null && (expiresAt === null || clock.now() < expiresAt - RENEW_BEFORE_MS);
      if (isGood && token !== null) return Promise.resolve(token);
      running ??= renew().finally(() => {
        running = null;
      });
      return running;
    },
    refused(refusedToken) {
      if (token === refusedToken) token = null;
    },
  };
}
