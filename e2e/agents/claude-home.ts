/** A home folder and an environment for real Claude Code: past its welcome, quiet, on the scripted model server. */
import { programOf, versionOf } from "../../packages/agents/test-real/shared/installed.ts";

const KEY = "sk-test";

/** Installed by `npm run test:agents`. Missing is a failure, never a skipped test. */
export function claudeProgram(): string {
  const named = process.env["HAPI_TEST_CLAUDE"] ? undefined : process.env["HAPI_CLAUDE_PATH"];
  return named || programOf("claude");
}

/** `.claude.json` of someone who has seen the welcome and trusts these folders. */
export function onboarded(folders: readonly string[]): string {
  return JSON.stringify({
    hasCompletedOnboarding: true,
    lastOnboardingVersion: versionOf("claude"),
    theme: "dark",
    customApiKeyResponses: { approved: [KEY], rejected: [] },
    projects: Object.fromEntries(folders.map((folder) => [folder, { hasTrustDialogAccepted: true }])),
  });
}

export function quietEnv(modelUrl: string): Record<string, string> {
  return {
    LANG: "C.UTF-8",
    SHELL: "/bin/bash",
    ANTHROPIC_BASE_URL: modelUrl,
    ANTHROPIC_API_KEY: KEY,
    IS_SANDBOX: "1",
    DISABLE_AUTOUPDATER: "1",
    DISABLE_TELEMETRY: "1",
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    CLAUDE_CODE_MAX_RETRIES: "0",
  };
}
