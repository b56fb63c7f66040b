/** A home folder and an environment for one real Claude Code: past its welcome, quiet, on the scripted model server, and nobody else's. */
import { programOf, quietShell, versionOf } from "../shared/installed.ts";

const KEY = "sk-test";

/** `.claude.json` of someone who has seen the welcome and trusts the folder. */
export function onboarded(cwd: string): string {
  return JSON.stringify({
    hasCompletedOnboarding: true,
    lastOnboardingVersion: versionOf("claude"),
    theme: "dark",
    customApiKeyResponses: { approved: [KEY], rejected: [] },
    projects: { [cwd]: { hasTrustDialogAccepted: true } },
  });
}

export function agentEnv(options: { home: string; tmp: string; url: string }): Record<string, string> {
  return {
    ...quietShell(options.home, options.tmp),
    HAPI_CLAUDE_PATH: programOf("claude"),
    ANTHROPIC_BASE_URL: options.url,
    ANTHROPIC_API_KEY: KEY,
    DISABLE_AUTOUPDATER: "1",
    DISABLE_TELEMETRY: "1",
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    CLAUDE_CODE_MAX_RETRIES: "0",
  };
}
