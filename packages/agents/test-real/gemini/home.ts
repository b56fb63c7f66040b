/** A home folder and an environment for one real Gemini CLI on the scripted model server. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bareEnv } from "../shared/installed.ts";

const settings = {
  security: { auth: { selectedType: "gemini-api-key" } },
  // One attempt: an error of the model is the turn's at once.
  general: { enableAutoUpdate: false, maxAttempts: 1, checkpointing: { enabled: false } },
  privacy: { usageStatisticsEnabled: false },
  telemetry: { enabled: false },
  // A model that is named asks no other one which model to take.
  model: { name: "gemini-2.5-flash" },
};

export function geminiEnv(folder: string, url: string): Record<string, string> {
  const env = bareEnv("gemini", folder);
  mkdirSync(join(env["HOME"] ?? "", ".gemini"), { recursive: true });
  writeFileSync(join(env["HOME"] ?? "", ".gemini", "settings.json"), JSON.stringify(settings));
  return {
    ...env,
    GOOGLE_GEMINI_BASE_URL: url,
    GEMINI_API_KEY: "sk-test",
    GEMINI_CLI_NO_RELAUNCH: "true",
    GEMINI_CLI_TRUST_WORKSPACE: "true",
  };
}
