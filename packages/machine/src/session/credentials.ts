/**
 * Credentials of a session's first start: their values are kept nowhere, but a later start with another value is noticed. A fingerprint is keyed with
 * a secret that lies in this home alone and is cut short, so that nobody can guess a value from it, and it leaves neither the session file nor the ledger.
 */
import { linkSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ensurePrivateDir, hmacSha256Hex, randomToken, sha256Hex, writeFileAtomic } from "@hapi/platform/lean";

export const CREDENTIALS_KEY_FILE = "credentials.key";
const KEY_BYTES = 32;
const DIGITS = 12;
const KEY_DIGITS = 6;

/** `<of the key>:<of the value>`: what another key made says nothing. */
export type Fingerprint = (name: string, value: string) => string;

export function credentialFingerprint(home: string): Fingerprint {
  let key: Buffer | undefined;
  const digest = (text: string, digits: number): string => hmacSha256Hex((key ??= keyOf(home)), text).slice(0, digits);
  return (name, value) => `${digest("key", KEY_DIGITS)}:${digest(`${name}\0${value}`, DIGITS)}`;
}

/** Both of the same key, and not the same. */
export function isAnother(kept: string | undefined, now: string): boolean {
  return kept !== undefined && kept.split(":")[0] === now.split(":")[0] && kept !== now;
}

function keyOf(home: string): Buffer {
  const path = join(home, CREDENTIALS_KEY_FILE);
  const found = readKey(path);
  if (found) return found;
  ensurePrivateDir(home);
  const mine = `${path}.${randomToken(6)}`;
  writeFileAtomic(mine, `${sha256Hex(randomToken(KEY_BYTES))}\n`, { mode: 0o600 });
  try {
    // Two that start at once agree on the first.
    linkSync(mine, path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
    // There, and no key: damaged. What was made with it can't be compared any more.
    if (!readKey(path)) writeFileAtomic(path, readFileSync(mine), { mode: 0o600 });
  } finally {
    rmSync(mine, { force: true });
  }
  const key = readKey(path);
  if (!key) throw new Error(`${path} holds no key`);
  return key;
}

function readKey(path: string): Buffer | null {
  try {
    const key = Buffer.from(readFileSync(path, "utf8").trim(), "hex");
    return key.length === KEY_BYTES ? key : null;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw cause;
  }
}
