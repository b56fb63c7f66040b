/** A home folder and an environment for one real Codex: past its welcome, quiet, on the scripted model server, and nobody else's. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { programOf, quietShell } from "../shared/installed.ts";

/** Every change of a file is asked about: the sandbox may write nowhere. Failed requests are not tried again by Codex itself. */
export const config = (url: string, cwd: string, more = ""): string => `
model = "gpt-5.5"
model_provider = "scripted"
check_for_update_on_startup = false
approval_policy = "on-request"
sandbox_mode = "read-only"
${more}
[analytics]
enabled = false
[feedback]
enabled = false
[model_providers.scripted]
name = "scripted"
base_url = "${url}/v1"
env_key = "SCRIPTED_API_KEY"
wire_api = "responses"
request_max_retries = 0
stream_max_retries = 0
[projects."${cwd}"]
trust_level = "trusted"
[notice.model_migrations]
"gpt-5.5" = "gpt-6-sol"
`;

/** @returns the environment */
export function prepareHome(folder: string, options: { url: string; cwd: string; more?: string }): Record<string, string> {
  const home = join(folder, "home");
  mkdirSync(join(home, ".codex"), { recursive: true });
  mkdirSync(options.cwd, { recursive: true });
  writeFileSync(join(home, ".codex", "config.toml"), config(options.url, options.cwd, options.more));
  return {
    ...quietShell(home, folder),
    HAPI_CODEX_PATH: programOf("codex"),
    SCRIPTED_API_KEY: "sk-test",
  };
}
