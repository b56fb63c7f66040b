/** The JWT of the `/api` plane: HS256, four hours, claims `uid` and `ns`. */
import type { Clock } from "@hapi/platform";
import { jwtVerify, SignJWT } from "jose";

const lifetimeSeconds = 4 * 3600;
const maxRemembered = 1_000;

export interface Claims {
  userId: number;
  namespace: string;
}

export interface Tokens {
  issue(claims: Claims): Promise<string>;
  /** Null: not ours, damaged, or expired. */
  verify(token: string): Promise<Claims | null>;
}

export function createTokens(secret: Uint8Array, clock: Pick<Clock, "now">): Tokens {
  // Checked tokens are remembered until they expire: clients send the same one with every request.
  const remembered = new Map<string, Claims & { expiresAt: number }>();
  const remember = (token: string, claims: Claims & { expiresAt: number }): void => {
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
