/**
 * The JWT of the `/api` plane: HS256, claims `uid`, `ns`, and `cid`, the credential it was given for: that is asked at every use, so a JWT is good
 * for no more and no longer. Four hours for the shared token, as its clients expect; a quarter of an hour for all others. It ends with the hub's shared token too, of which its key is made.
 */
import { createHmac } from "node:crypto";
import type { Clock } from "@hapi/platform";
import { type JWTPayload, jwtVerify, SignJWT } from "jose";
import { LEGACY } from "./credential.ts";

const legacySeconds = 4 * 3600;
const lifetimeSeconds = 15 * 60;
const maxRemembered = 1_000;

export interface Claims {
  userId: number;
  namespace: string;
  credentialId: string;
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
    issue({ userId, namespace, credentialId }) {
      const now = Math.floor(clock.now() / 1000);
      const seconds = credentialId === LEGACY ? legacySeconds : lifetimeSeconds;
      return new SignJWT({ uid: userId, ns: namespace, cid: credentialId })
        .setProtectedHeader({ alg: "HS256" })
        .setIssuedAt(now)
        .setExpirationTime(now + seconds)
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
        const claims = claimsOf(payload);
        if (claims) remember(token, claims);
        return claims;
      } catch {
        // Every way in which a token can be wrong means the same.
        remembered.delete(token);
        return null;
      }
    },
  };
}

/** One without `cid` is of a hub from before there were credentials. */
function claimsOf({ uid, ns, cid = LEGACY, exp = 0 }: JWTPayload): Verified | null {
  if (typeof uid !== "number" || typeof ns !== "string" || ns === "" || typeof cid !== "string") return null;
  return { userId: uid, namespace: ns, credentialId: cid, expiresAt: exp * 1000 };
}
