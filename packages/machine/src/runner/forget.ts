/** A session that was deleted at the hub leaves this machine too: ledger, uploads, session file. Never while its host lives. */
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { whileHostless } from "@hapi/host";
import { AppError } from "@hapi/protocol";
import { sessionDir } from "@hapi/platform";

export type ForgetOutcome = "forgotten" | "not-found" | "active";

export async function forgetSession(home: string, sessionId: string): Promise<ForgetOutcome> {
  const dir = sessionDir(home, sessionId);
  if (!existsSync(dir)) return "not-found";
  try {
    const done = await whileHostless(dir, () => rm(dir, { recursive: true, force: true }));
    return done.ran ? "forgotten" : "active";
  } catch (cause) {
    // A host that is stuck or of another version, or one that is being started right now.
    if (cause instanceof AppError && cause.code !== "internal") return "active";
    throw cause;
  }
}
