/** Two terminals at once in one folder: one of them makes or starts the session, the other one finds it running. Decided here, not at the hub. */
import { realpathSync } from "node:fs";
import { join } from "node:path";
import { ensurePrivateDir, sha256Hex, withDirLock } from "@hapi/platform/lean";

const RETRY_MS = 20;
/** A start of a host may take ten seconds on the busiest machine. */
const RETRIES = 1_000;
/** Whoever takes it says at once who it is. */
const OWNER_WITHIN_MS = 2_000;

export function whileStarting<T>(home: string, cwd: string, work: () => Promise<T>): Promise<T> {
  const dir = ensurePrivateDir(join(ensurePrivateDir(home), "run"));
  const path = join(dir, `start-${sha256Hex(realpathSync(cwd)).slice(0, 16)}.lock`);
  return withDirLock(path, work, { retries: RETRIES, retryMs: RETRY_MS, ownerWithinMs: OWNER_WITHIN_MS });
}
