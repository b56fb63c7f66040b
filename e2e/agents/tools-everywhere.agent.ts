/** HAPI's own tools in other real agents: each is given them, and what it is allowed unasked it does unasked. */
import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "bun:test";
import { geminiEnv } from "../../packages/agents/test-real/gemini/home.ts";
import { opencodeEnv } from "../../packages/agents/test-real/opencode/home.ts";
import { programOf } from "../../packages/agents/test-real/shared/installed.ts";
import { qwenEnv } from "../../packages/agents/test-real/qwen/home.ts";
import { BANNER, shows } from "./tui.ts";
import { createWorld, type World } from "./world.ts";

type Installed = Parameters<typeof programOf>[0];
type Prepare = (world: World) => Record<string, string>;

const on =
  (env: (folder: string, url: string) => Record<string, string>): Prepare =>
  ({ home, models }) =>
    env(dirname(home), models.url);

/** The program behind its name on the PATH, with what it needs for the scripted model. */
function install(world: World, name: Installed, env: Record<string, string>): void {
  const own = Object.entries(env).filter(([key]) => !["PATH", "HOME", "TMPDIR"].includes(key) && !key.startsWith("HAPI_"));
  const words = own.map(([key, value]) => `export ${key}='${value}'`).join("\n");
  const path = join(world.bin, name);
  // What prepared the home may have left a link to the program itself here; that must not be written through.
  rmSync(path, { force: true });
  writeFileSync(path, `#!/bin/sh\n${words}\nexec '${programOf(name)}' "$@"\n`);
  chmodSync(path, 0o755);
}

/** `tool`: the agent's own name for it; some show it to the model only once it was searched for. `isAsked`: the agent can't be told by its protocol that a tool may be used unasked. */
const agents: [name: Installed, prepare: Prepare, tool: string, isAsked: boolean][] = [
  ["opencode", on(opencodeEnv), "hapi_change_title", false],
  ["gemini", on(geminiEnv), "mcp_hapi_change_title", true],
  ["qwen", on(qwenEnv), "mcp__hapi__change_title", true],
];

for (const [name, prepare, tool, isAsked] of agents)
  test(`${name} has HAPI's own tools and names its session with one${isAsked ? ", once that was allowed" : ""}`, async () => {
    await using world = await createWorld({ withoutClaude: true });
    install(world, name, prepare(world));
    const { terminal, session } = await world.start(`${name} --hapi-starting-mode remote`);
    await shows(terminal, BANNER);
    await session.ask("say: hello");
    const prompt = await session.send(`call: ${tool} {"title":"Named by ${name}"}`);
    if (isAsked) {
      const request = await session.request();
      await world.web.api.permissions.approve(session.id, request.id, { digest: request.digest ?? "" });
    }
    await session.finished(prompt);
    await world.web.until(() => session.value.metadata?.summary?.text === `Named by ${name}`, "the title");
    expect(Object.keys(session.value.agentState?.completedRequests ?? {})).toHaveLength(isAsked ? 1 : 0);
  }, 480_000);
