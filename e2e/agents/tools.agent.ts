/** HAPI's own tools (`mcp__hapi__…`) in real Claude Code: in its terminal and steered from the web; and what a tool's child can't do with them. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { atPrompt, BANNER, enter, shows } from "./tui.ts";
import { createWorld, type World } from "./world.ts";

const TITLE = "mcp__hapi__change_title";
const call = (tool: string, input: object): string => `call: ${tool} ${JSON.stringify(input)}`;

/** What a command of the agent's may try: the door's token lies in a file that its user can read. Says what the door answered. */
const INTRUDER = `
import { createConnection } from "node:net";
import { readFileSync, readdirSync } from "node:fs";
import { spawn } from "node:child_process";
const sessions = process.env.HOME + "/.hapi/sessions";
const { mcpServers: { hapi } } = JSON.parse(readFileSync(sessions + "/" + readdirSync(sessions)[0] + "/claude-tools.json", "utf8"));
const tool = { name: "change_title", arguments: { title: "owned" } };
const knock = () => new Promise((done) => {
  const socket = createConnection(hapi.args.at(-2), () => socket.write(JSON.stringify({ id: "1", token: hapi.env.HAPI_HOOK_TOKEN, tool }) + "\\n"));
  socket.on("data", (bytes) => done(String(bytes).trim()));
});
const serve = () => new Promise((done) => {
  const child = spawn(hapi.command, hapi.args, { env: { ...process.env, ...hapi.env }, stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end = () => {};
  child.stdin.write(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: tool }) + "\\n");
  child.stdout.on("data", (bytes) => { done(String(bytes).trim()); child.kill(); });
});
console.log(await knock());
console.log(await serve());
`;

async function titled(world: World, session: Awaited<ReturnType<World["session"]>>, title: string): Promise<void> {
  await world.web.until(() => session.value.metadata?.summary?.text === title, `the title ${title}`);
}

test("steered from the web: a title without a question; what is no title is refused; a tool's child is no caller", async () => {
  await using world = await createWorld();
  const { terminal, session } = await world.start("claude --hapi-starting-mode remote");
  await shows(terminal, BANNER);
  await session.ask(call(TITLE, { title: "Broken \u202elogin\u001b[2J" }));
  await titled(world, session, "Broken login");
  expect(session.requests).toEqual([]);
  expect(world.lastConversation().at(-1)).toContain("The title is now: Broken login");

  await session.ask(call(TITLE, { title: "x".repeat(5_000) }));
  expect(world.lastConversation().at(-1)).toContain("A title may have 200 characters; this one has 5000.");
  await session.ask(call(TITLE, { name: "?" }));
  expect(session.value.metadata?.summary?.text).toBe("Broken login");

  writeFileSync(join(world.cwd, "intruder.mjs"), INTRUDER);
  const tried = await session.send("run: node intruder.mjs");
  const request = await session.request();
  await world.web.api.permissions.approve(session.id, request.id, { digest: request.digest ?? "" });
  await session.finished(tried);
  const said = world.lastConversation().at(-1) ?? "";
  expect(said).toContain('"refused":"caller"');
  expect(said).toContain("only from the tools server that the agent itself has started");
  expect(session.value.metadata?.summary?.text).toBe("Broken login");
}, 480_000);

test("in its terminal, begun before there was a session process: the same tools, and no question on the screen", async () => {
  await using world = await createWorld();
  const { terminal, session } = await world.start("claude");
  await atPrompt(terminal);
  await enter(terminal, call(TITLE, { title: "From the terminal" }));
  await session.tells("ended: completed");
  await titled(world, session, "From the terminal");
  expect(session.requests).toEqual([]);
}, 480_000);
