/** Qwen Code over ACP (`qwen --acp`), measured on 0.24.4. */
import { existsSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { attempt } from "@hapi/platform/lean";
import type { AcpProfile } from "../acp/profile.ts";
import { secrets, variables } from "../environment.ts";
import verified from "../verified.json" with { type: "json" };

export const qwenProfile: AcpProfile = {
  flavor: "qwen",
  displayName: "Qwen Code",
  command: () => ["qwen", "--acp"],
  behind: ownScript,
  // As its ancestor, it would start itself once more.
  env: () => ({ QWEN_CODE_NO_RELAUNCH: "true" }),
  installHint: "Install it with `npm install -g @qwen-code/qwen-code`.",
  loginHint: "Log in by starting `qwen` in a terminal once, or set OPENAI_API_KEY.",
  verified: { versions: verified.qwen, how: "real" },
  variables: [
    ...variables("config-home", "QWEN_HOME"),
    ...secrets("account", "OPENAI_API_KEY", "DASHSCOPE_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY", "ANTHROPIC_API_KEY"),
    ...variables("base-url", "OPENAI_BASE_URL", "ANTHROPIC_BASE_URL", "GOOGLE_GEMINI_BASE_URL"),
    ...variables("model", "OPENAI_MODEL", "QWEN_MODEL", "ANTHROPIC_MODEL", "GEMINI_MODEL"),
  ],
  // Its `auto` lets a model decide what is safe: none of HAPI's modes mean that, so none leads there.
  retry: "continue",
  // It asks whether prompts wait behind the turn; refused, it goes on with its turn.
  declines: ["craft/drainMidTurnQueue"],
  ignores: ["qwen/notify/session/mode-update"],
  questions: { meta: "qwenQuestions", answers: "answers" },
};

/** npm's `qwen` is a script that starts another one as its child, with these words, and dies alone. */
function ownScript(program: string): readonly string[] {
  const real = attempt(() => realpathSync(program), "then it is taken as it is") ?? program;
  const script = join(dirname(real), "cli.js");
  return basename(real) === "cli-entry.js" && existsSync(script) ? ["node", "--expose-gc", script] : [program];
}
