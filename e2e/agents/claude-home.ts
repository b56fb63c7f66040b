/** A home folder and an environment for real Claude Code: past its welcome, quiet, on the scripted model server. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** As `npm run test:agents` chose it. */
export const VERSION = process.env["HAPI_TEST_CLAUDE_VERSION"] ?? "2.1.329";
const KEY = "sk-test";

/** Installed by `npm run test:agents`. Missing is a failure, never a skipped test. */
export function claudeProgram(): string {
  const cache = process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  const named = process.env["HAPI_TEST_CLAUDE"] || process.env["HAPI_CLAUDE_PATH"];
  const path = named || join(cache, "hapi-agents", `claude-${VERSION}`, "node_modules/.bin/claude");
  if (!existsSync(path)) throw new Error(`Claude Code ${VERSION} is not installed; run: npm run test:agents`);
  return path;
}

/** `.claude.json` of someone who has seen the welcome and trusts these folders. */
export function onboarded(folders: readonly string[]): string {
  return JSON.stringify({
    hasCompletedOnboarding: true,
    lastOnboardingVersion: VERSION,
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
