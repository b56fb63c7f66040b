/** Where a session's hooks knock, and with what: known before anybody listens there, so that the agent can be started first. Loads no server. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { sha256Hex, randomToken, socketPath, writeFileAtomic } from "@hapi/platform/lean";

const TOKEN_FILE = "hook-token";

/** Made once per session and kept: an agent that runs on has it in its environment. After a loss of power none runs, and the next is given another. */
export function hookToken(sessionDir: string): string {
  const path = join(sessionDir, TOKEN_FILE);
  try {
    const kept = readFileSync(path, "utf8").trim();
    if (/^[0-9a-f]{64}$/.test(kept)) return kept;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw cause;
  }
  const token = sha256Hex(randomToken(32));
  writeFileAtomic(path, `${token}\n`, { mode: 0o600, volatile: true });
  return token;
}

/** A name short enough for the socket path limit. */
export function hookSocketPath(home: string, sessionId: string): string {
  return socketPath(home, `h-${sessionId}`);
}
