/**
 * Ids in OpenCode's own form. It takes a message for answered by comparing ids, so a prompt's must be later than all before: 48 bits of time and
 * counter in hex, then 14 random characters (`Identifier.ascending` of 1.18.33). Part ids order the parts of a message in the same way.
 */
import { randomBytes } from "node:crypto";

const LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const RANDOM = 14;
const PER_MS = 0x1000n;
const BITS = 0xffff_ffff_ffffn;

export interface Ids {
  message(): string;
  part(): string;
}

export function createIds(now: () => number): Ids {
  let last = 0n;
  const next = (prefix: string): string => {
    const fresh = BigInt(now()) * PER_MS;
    last = fresh > last ? fresh : last + 1n;
    const tail = Array.from(randomBytes(RANDOM), (byte) => LETTERS[byte % LETTERS.length]).join("");
    return `${prefix}_${(last & BITS).toString(16).padStart(12, "0")}${tail}`;
  };
  return { message: () => next("msg"), part: () => next("prt") };
}
