/** Real agents as `tools/agents/install.mjs` installs them, in a bare environment of their own. */
import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import type { FakeModels } from "@hapi/testkit";

/** As `tools/agents/install.mjs` has them, where nothing else is said. */
const VERSIONS = { gemini: "0.61.0", copilot: "1.0.102", qwen: "0.24.4" } as const;

export type InstalledAgent = keyof typeof VERSIONS;

const keyOf = (name: InstalledAgent) => `HAPI_TEST_${name.toUpperCase()}`;

export const versionOf = (name: InstalledAgent): string => process.env[`${keyOf(name)}_VERSION`] ?? VERSIONS[name];

/** The program; a missing agent fails the suite. */
export function programOf(name: InstalledAgent): string {
  const cache = process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  const path = process.env[keyOf(name)] ?? join(cache, "hapi-agents", `${name}-${versionOf(name)}`, "node_modules/.bin", name);
  if (!existsSync(path)) throw new Error(`${name} ${versionOf(name)} is not installed; run: node tools/agents/install.mjs ${name}`);
  return path;
}

/** Nothing inherited but the way to programs; the agent itself is found on the PATH, as a person's is. */
export function bareEnv(name: InstalledAgent, folder: string): Record<string, string> {
  const home = join(folder, "home");
  const bin = join(folder, "bin");
  for (const dir of [home, bin]) mkdirSync(dir, { recursive: true });
  symlinkSync(programOf(name), join(bin, name));
  return {
    PATH: [bin, process.env["PATH"] ?? "/usr/bin:/bin"].join(delimiter),
    HOME: home,
    TMPDIR: folder,
    TERM: "xterm-256color",
    LANG: "C.UTF-8",
    SHELL: "/bin/bash",
  };
}

/** What the person said, as the last request of the conversation held it. */
export function lastSaid(fake: FakeModels): string {
  const last = fake.requests.findLast((request) => request.op === "answer" && !request.aux);
  return (last?.messages ?? [])
    .flatMap((message) => (message.role === "user" ? message.parts.map((part) => part.text ?? "") : []))
    .join("\n");
}
