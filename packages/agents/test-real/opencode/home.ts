/** A home folder and an environment for one real OpenCode: quiet, on the scripted model server, and nobody else's. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

export const VERSION = process.env["HAPI_TEST_OPENCODE_VERSION"] ?? "1.18.33";

export function opencodePath(): string {
  const cache = process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  const path = process.env["HAPI_TEST_OPENCODE"] ?? join(cache, "hapi-agents", `opencode-${VERSION}`, "node_modules/.bin/opencode");
  if (!existsSync(path)) throw new Error(`OpenCode ${VERSION} is not installed; run: node tools/agents/install.mjs opencode`);
  return path;
}

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
          alpha: { name: "Alpha", limit, cost: { input: 1, output: 2 }, reasoning: true, tool_call: true },
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

/** `home` and `project` in this folder, and the environment of an agent there. */
export function prepareHome(folder: string, url: string): { env: Record<string, string>; cwd: string; home: string } {
  const home = join(folder, "home");
  const cwd = join(folder, "project");
  mkdirSync(cwd);
  writeConfiguration(home, url);
  const env = {
    PATH: process.env["PATH"] ?? "/usr/bin:/bin",
    HOME: home,
    TMPDIR: folder,
    TERM: "xterm-256color",
    LANG: "C.UTF-8",
    SHELL: "/bin/bash",
    HAPI_OPENCODE_PATH: opencodePath(),
    ...quietEnv,
  };
  return { env, cwd, home };
}
