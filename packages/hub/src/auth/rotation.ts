/**
 * A secret that is renewed takes effect when it is used: the answer that carried it may have been lost, and two pages of one browser may ask at
 * once. From then on whoever comes with the old one, or with another that was given in its place, is a second holder.
 */
import { isSameDigest } from "./access-token.ts";
import type { Credential } from "./store.ts";

/** Given in the place of one and not used yet; more are asked for by nobody who means well. */
const maxNext = 8;
/** So many old ones are known for what they are; an older one is merely wrong. */
const maxSpent = 64;

/** `given`: digest of the secret that came; `next`: of the one that will be answered. */
export function rotated(credential: Credential, given: string, next: string): Credential | "spent" | "unknown" {
  const { secretHash, nextHashes, spentHashes } = credential;
  const isGiven = (hash: string): boolean => isSameDigest(hash, given);
  if (isGiven(secretHash)) {
    const [kept, dropped] = [[next, ...nextHashes].slice(0, maxNext), [next, ...nextHashes].slice(maxNext)];
    return { ...credential, nextHashes: kept, spentHashes: [...dropped, ...spentHashes].slice(0, maxSpent) };
  }
  if (nextHashes.some(isGiven)) {
    const left = nextHashes.filter((hash) => !isGiven(hash));
    return { ...credential, secretHash: given, nextHashes: [next], spentHashes: [secretHash, ...left, ...spentHashes].slice(0, maxSpent) };
  }
  return spentHashes.some(isGiven) ? "spent" : "unknown";
}
