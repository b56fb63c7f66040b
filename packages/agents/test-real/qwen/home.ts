/** A home folder and an environment for one real Qwen Code on the scripted model server. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bareEnv } from "../shared/installed.ts";

const settings = {
  security: { auth: { selectedType: "openai" } },
  general: { enableAutoUpdate: false },
  privacy: { usageStatisticsEnabled: false },
  telemetry: { enabled: false },
  // Requests of its own beside the conversation.
  ui: { enableFollowupSuggestions: false },
  memory: { enableManagedAutoMemory: false, enableManagedAutoDream: false },
};

export function qwenEnv(folder: string, url: string): Record<string, string> {
  const env = bareEnv("qwen", folder);
  mkdirSync(join(env["HOME"] ?? "", ".qwen"), { recursive: true });
  writeFileSync(join(env["HOME"] ?? "", ".qwen", "settings.json"), JSON.stringify(settings));
  return { ...env, OPENAI_BASE_URL: `${url}/v1`, OPENAI_API_KEY: "x", OPENAI_MODEL: "gpt-4o" };
}
