/** The JWT of the `/api` plane: HS256, four hours, claims `uid` and `ns`. It ends with the access token for which it was given. */
import { createHmac } from "node:crypto";
import type { Clock } from "@hapi/platform";
import { jwtVerify, SignJWT } from "jose";

const lifetimeSeconds = 4 * 3600;
const maxRemembered = 1_000;

export interface Claims {
  userId: number;
  namespace: string;
}

/** `expiresAt`: in ms. */
export type Verified = Claims & { expiresAt: number };

export interface Tokens {
  issue(claims: Claims): Promise<string>;
  /** Null: not ours, damaged, or expired. */
  verify(token: string): Promise<Verified | null>;
}

export interface TokenSecrets {
  jwtSecret: Uint8Array;
  /** The hub's own: with another one nobody is signed in any more. */
  accessToken: string;
}

export const signingKey = ({ jwtSecret, accessToken }: TokenSecrets): Uint8Array =>
  new Uint8Array(createHmac("sha256", jwtSecret).update(`access token: ${accessToken}`).digest());

export function createTokens(secrets: TokenSecrets, clock: Pick<Clock, "now">): Tokens {
  const secret = signingKey(secrets);
  // Checked tokens are remembered until they expire: clients send the same one with every request.
  const remembered = new Map<string, Verified>();
  const remember = (token: string, claims: Verified): void => {
    if (remembered.size >= maxRemembered) remembered.delete(remembered.keys().next().value as string);
    remembered.set(token, claims);
  };
  return {
    issue({ userId, namespace }) {
      const now = Math.floor(clock.now() / 1000);
      return new SignJWT({ uid: userId, ns: namespace })
        .setProtectedHeader({ alg: "HS256" })
        .setIssuedAt(now)
        .setExpirationTime(now + lifetimeSeconds)
        .sign(secret);
    },
    async verify(token) {
      const known = remembered.get(token);
      if (known && known.expiresAt > clock.now()) return known;
      try {
        const { payload } = await jwtVerify(token, secret, {
          algorithms: ["HS256"],
          currentDate: new Date(clock.now()),
          requiredClaims: ["exp"],
        });
        if (typeof payload["uid"] !== "number" || typeof payload["ns"] !== "string" || payload["ns"] === "") return null;
        const claims = { userId: payload["uid"], namespace: payload["ns"], expiresAt: (payload.exp ?? 0) * 1000 };
        remember(token, claims);
        return claims;
      } catch {
        // Every way in which a token can be wrong means the same.
        remembered.delete(token);
        return null;
      }
    },
  };
}
