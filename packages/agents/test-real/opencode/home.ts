/** A home folder and an environment for one real OpenCode: quiet, on the scripted model server, and nobody else's. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { programOf, quietShell } from "../shared/installed.ts";

/** Three models on the scripted server; shell and edits are asked for. */
function configuration(url: string): string {
  const limit = { context: 100_000, output: 8_000 };
  return JSON.stringify({
    autoupdate: false,
    share: "disabled",
    model: "fake/alpha",
    small_model: "fake/alpha-mini",
    enabled_providers: ["fake"],
    permission: { bash: "ask", edit: "ask", webfetch: "ask" },
    provider: {
      fake: {
        npm: "@ai-sdk/openai-compatible",
        name: "Fake",
        options: { baseURL: `${url}/v1`, apiKey: "sk-test" },
        models: {
          alpha: {
            name: "Alpha",
            limit,
            cost: { input: 1, output: 2 },
            reasoning: true,
            tool_call: true,
            variants: { low: { reasoningEffort: "low" }, high: { reasoningEffort: "high" } },
          },
          "alpha-mini": { name: "Alpha Mini" },
          beta: { name: "Beta" },
        },
      },
    },
  });
}

/** Nothing is fetched, and nothing updated. */
export const quietEnv = {
  OPENCODE_DISABLE_AUTOUPDATE: "1",
  OPENCODE_DISABLE_MODELS_FETCH: "1",
  OPENCODE_DISABLE_LSP_DOWNLOAD: "1",
  OPENCODE_DISABLE_DEFAULT_PLUGINS: "1",
};

export function writeConfiguration(home: string, url: string): void {
  const folder = join(home, ".config/opencode");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "opencode.json"), configuration(url));
}

export function opencodeEnv(folder: string, url: string): Record<string, string> {
  const home = join(folder, "home");
  writeConfiguration(home, url);
  return { ...quietShell(home, folder), HAPI_OPENCODE_PATH: programOf("opencode"), ...quietEnv };
}
