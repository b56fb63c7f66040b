/** A home folder and an environment for one real Claude Code: past its welcome, quiet, on the scripted model server, and nobody else's. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

export const VERSION = process.env["HAPI_TEST_CLAUDE_VERSION"] ?? "2.1.329";
const KEY = "sk-test";

export function claudePath(): string {
  const cache = process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  const path = process.env["HAPI_TEST_CLAUDE"] ?? join(cache, "hapi-agents", `claude-${VERSION}`, "node_modules/.bin/claude");
  if (!existsSync(path)) throw new Error(`Claude Code ${VERSION} is not installed; run: node tools/agents/install.mjs claude`);
  return path;
}

/** `.claude.json` of someone who has seen the welcome and trusts the folder. */
export function onboarded(cwd: string): string {
  return JSON.stringify({
    hasCompletedOnboarding: true,
    lastOnboardingVersion: VERSION,
    theme: "dark",
    customApiKeyResponses: { approved: [KEY], rejected: [] },
    projects: { [cwd]: { hasTrustDialogAccepted: true } },
  });
}

export function agentEnv(options: { home: string; tmp: string; url: string }): Record<string, string> {
  return {
    PATH: process.env["PATH"] ?? "/usr/bin:/bin",
    HOME: options.home,
    TMPDIR: options.tmp,
    TERM: "xterm-256color",
    LANG: "C.UTF-8",
    SHELL: "/bin/bash",
    HAPI_CLAUDE_PATH: claudePath(),
    ANTHROPIC_BASE_URL: options.url,
    ANTHROPIC_API_KEY: KEY,
    DISABLE_AUTOUPDATER: "1",
    DISABLE_TELEMETRY: "1",
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    CLAUDE_CODE_MAX_RETRIES: "0",
  };
}
