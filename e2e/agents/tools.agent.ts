/** HAPI's own tools (`mcp__hapi__…`) in real Claude Code: in its terminal and steered from the web; and what a tool's child can't do with them. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { atPrompt, BANNER, enter, shows } from "./tui.ts";
import { createWorld, type World } from "./world.ts";

const PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
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

const ASK = "mcp__hapi__ask_person";

test("a question to the person: answered from the web, also after a kill of the session process; withdrawn when the turn is stopped", async () => {
  await using world = await createWorld();
  const { terminal, session } = await world.start("claude --hapi-starting-mode remote");
  await shows(terminal, BANNER);
  const { permissions, sessions } = world.web.api;
  const first = await session.send(call(ASK, { question: "Which colour?", options: ["Red", "Blue"] }));
  const asked = await session.request();
  expect(asked).toMatchObject({ kind: "question", tool: "ask_person", title: "Which colour?" });
  await world.killSessionProcess(session.id);
  await world.web.until(() => session.value.active, "it is back");
  await permissions.approve(session.id, asked.id, { answers: { answer: ["Blue"] } });
  await session.finished(first);
  expect(world.lastConversation().at(-1)).toContain("The person answered: Blue");
  expect(session.closed(asked.id)).toMatchObject({ status: "approved", answeredBy: "person" });

  const second = await session.send(call(ASK, { question: "And now?" }));
  const again = await session.request([asked.id]);
  await sessions.abort(session.id);
  await session.finished(second, "interrupted");
  await world.web.until(() => session.closed(again.id)?.status === "canceled", "nobody is asked any more");
  await session.ask("say: and on it goes");
  expect(session.requests).toEqual([]);
}, 480_000);

test("a picture of the folder stands in the history; one from outside does not", async () => {
  await using world = await createWorld();
  const { terminal, session } = await world.start("claude --hapi-starting-mode remote");
  await shows(terminal, BANNER);
  writeFileSync(join(world.cwd, "chart.png"), Buffer.from(PIXEL, "base64"));
  await session.ask(call("mcp__hapi__display_image", { path: "chart.png", caption: "The chart" }));
  const shown = () =>
    session.history.flatMap((event) => (event.type === "tool-result" ? (event.content ?? []) : [])).filter(({ type }) => type === "image");
  await world.web.until(() => shown().length > 0, "the picture");
  expect(shown()).toEqual([{ type: "image", mimeType: "image/png", data: PIXEL }]);
  writeFileSync(join(world.home, "private.png"), Buffer.from(PIXEL, "base64"));
  await session.ask(call("mcp__hapi__display_image", { path: "../home/private.png" }));
  expect(world.lastConversation().at(-1)).toContain("outside the session's folder");
  expect([shown().length, session.requests.length]).toEqual([1, 0]);
}, 480_000);
