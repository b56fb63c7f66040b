/** An environment for one real Copilot CLI on the scripted model server, offline and without a login. */
import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { bareEnv } from "../shared/installed.ts";

export function copilotEnv(folder: string, url: string): Record<string, string> {
  // What it unpacks at its first start is hundreds of megabytes: once for all tests.
  const unpacked = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "hapi-agents", "copilot-unpacked");
  mkdirSync(unpacked, { recursive: true });
  return {
    ...bareEnv("copilot", folder),
    COPILOT_CACHE_HOME: unpacked,
    COPILOT_OFFLINE: "true",
    COPILOT_PROVIDER_BASE_URL: `${url}/v1`,
    COPILOT_PROVIDER_API_KEY: "x",
    COPILOT_MODEL: "gpt-5.4",
    COPILOT_AUTO_UPDATE: "false",
  };
}
