/** The environment Claude runs in, and whether it may be started without permission checks at all. */
import { AppError } from "@hapi/protocol/errors";

type Env = Readonly<Record<string, string>>;

/** Marks of a Claude that started us: they would make the new one behave like its child. */
const marks = ["CLAUDECODE", "CLAUDE_CODE_ENTRYPOINT", "CLAUDE_CODE_SESSION_ID", "CLAUDE_CODE_SSE_PORT"];

export function claudeEnv(env: Env, more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const kept = Object.fromEntries(Object.entries(env).filter(([name]) => !marks.includes(name)));
  return {
    // Off by default in current versions; a user's own choice stands.
    CLAUDE_CODE_ENABLE_TODO_TOOLS: "1",
    CLAUDE_CODE_ENABLE_SDK_FILE_CHECKPOINTING: "1",
    ...kept,
    ...more,
  };
}

/** As root Claude refuses to run without checks, unless the surroundings say that they are a sandbox. */
export function mayBypass(env: Env, uid: number | undefined = process.getuid?.()): boolean {
  return uid !== 0 || env["IS_SANDBOX"] === "1";
}

export function requireBypass(env: Env): void {
  if (mayBypass(env)) return;
  throw new AppError(
    "invalid_mode",
    "Claude Code does not run without permission checks as root; use another user, or set IS_SANDBOX=1 if this machine is a sandbox",
  );
}
