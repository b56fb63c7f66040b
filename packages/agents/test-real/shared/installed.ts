/** Real agents as `tools/agents/install.mjs` installs them, in a bare environment of their own. */
import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import type { FakeModels } from "@hapi/testkit";
import verified from "../../src/verified.json" with { type: "json" };

type InstalledAgent = keyof typeof verified;

const keyOf = (name: InstalledAgent) => `HAPI_TEST_${name.toUpperCase()}`;

/** As `npm run test:agents` chose it. */
export const versionOf = (name: InstalledAgent): string => process.env[`${keyOf(name)}_VERSION`] ?? verified[name][0] ?? "";

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
  const env = quietShell(home, folder);
  return { ...env, PATH: [bin, env["PATH"]].join(delimiter) };
}

/** Of a person whose home this is. */
export const quietShell = (home: string, tmp: string): Record<string, string> => ({
  PATH: process.env["PATH"] ?? "/usr/bin:/bin",
  HOME: home,
  TMPDIR: tmp,
  TERM: "xterm-256color",
  LANG: "C.UTF-8",
  SHELL: "/bin/bash",
});

/** What the person said, as the last request of the conversation held it. */
export function lastSaid(fake: FakeModels): string {
  const last = fake.requests.findLast((request) => request.op === "answer" && !request.aux);
  return (last?.messages ?? [])
    .flatMap((message) => (message.role === "user" ? message.parts.map((part) => part.text ?? "") : []))
    .join("\n");
}
