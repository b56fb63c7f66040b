/**
 * A Claude whose output, record and status say whatever a test wants: each source made to vanish or to disagree, one at a time. What is certain is
 * told as a loss; what merely comes late is none.
 */
import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RingGapError } from "@hapi/host";
import { openWorld, type World } from "../contract/world.ts";
import type { DriverEvent, Loss } from "../driver.ts";
import { createConversation } from "./conversation.ts";
import { claudeDriver } from "./driver.ts";

/** Carries out the prompt itself: a list of `[where, line]`; `$prompt` is the prompt's uuid; `answers` says what it was answered. */
const SCRIPTED = `#!${process.execPath}
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
if (process.argv[2] === "--version") { console.log("2.1.329 (Claude Code)"); process.exit(0); }
const home = process.env.HOME + "/.claude";
const id = process.argv[process.argv.indexOf("--session-id") + 1];
const record = home + "/projects/anywhere/" + id + ".jsonl";
mkdirSync(home + "/projects/anywhere", { recursive: true });
mkdirSync(home + "/sessions", { recursive: true });
const answers = [];
const out = (line) => process.stdout.write(JSON.stringify(line) + "\\n");
for await (const text of createInterface({ input: process.stdin })) {
  const line = JSON.parse(text);
  if (line.type === "control_request") out({ type: "control_response", response: { subtype: "success", request_id: line.request_id, response: {} } });
  if (line.type === "control_response") answers.push(line.response);
  if (line.type !== "user") continue;
  for (const [where, what] of JSON.parse(line.message.content.slice(line.message.content.indexOf("[")))) {
    if (where === "answers") what.message.content[0].text = JSON.stringify(answers);
    const said = typeof what === "string" ? what : JSON.parse(JSON.stringify({ session_id: id, timestamp: new Date().toISOString(), ...what }).replaceAll("$prompt", line.uuid));
    if (where === "out" || where === "both" || where === "answers") out(said);
    if (where === "record" || where === "both" || where === "answers") appendFileSync(record, (typeof said === "string" ? said : JSON.stringify(said)) + "\\n");
    if (where === "wait") await new Promise((resolve) => setTimeout(resolve, Number(what)));
    if (where === "status") writeFileSync(home + "/sessions/" + process.pid + ".json", JSON.stringify({ pid: process.pid, sessionId: id, status: what, statusUpdatedAt: Date.now() }));
    if (where === "delete") rmSync(record);
  }
}
`;

type Act = [where: "out" | "record" | "both" | "wait" | "status" | "delete" | "answers", what: unknown];

const patience = { absentMs: 200, silentMs: 1_500, outputMs: 400, hooksMs: 200 };

async function scripted(): Promise<World> {
  const world = await openWorld({
    name: "a scripted Claude Code",
    driver: { ...claudeDriver, open: (context) => createConversation(context, { patience }) },
    async prepare(folder) {
      const cwd = join(folder, "project");
      mkdirSync(cwd);
      const program = join(folder, "claude.mjs");
      writeFileSync(program, SCRIPTED, { mode: 0o755 });
      return { cwd, env: { PATH: process.env["PATH"] ?? "", HOME: folder, HAPI_CLAUDE_PATH: program } };
    },
    timeoutMs: 20_000,
  });
  await world.start();
  return world;
}

let lines = 0;
const uuid = (): string => `00000000-0000-4000-8000-${String(++lines).padStart(12, "0")}`;

const begun: Act = ["out", { type: "command_lifecycle", command_uuid: "$prompt", state: "started" }];
const prompt: Record<string, unknown> = {
  type: "user",
  uuid: "$prompt",
  parentUuid: "before $prompt",
  message: { role: "user", content: "go" },
  isReplay: true,
};
const says = (text: string): Record<string, unknown> => ({
  type: "assistant",
  uuid: uuid(),
  message: { id: `msg_${lines}`, model: "m", content: [{ type: "text", text }] },
});
const calls = (id: string): Record<string, unknown> => ({
  type: "assistant",
  uuid: uuid(),
  message: { id: `msg_${lines}`, model: "m", content: [{ type: "tool_use", id, name: "Bash", input: { command: "ls" } }] },
});
const toolEnds = (id: string): Record<string, unknown> => ({
  type: "user",
  uuid: uuid(),
  message: { role: "user", content: [{ type: "tool_result", tool_use_id: id, content: "a file" }] },
});
const result = (more: Record<string, unknown> = {}): Act => [
  "out",
  { type: "result", subtype: "success", uuid: uuid(), is_error: false, user_message_uuids: ["$prompt"], ...more },
];

async function play(world: World, acts: readonly Act[]): Promise<void> {
  await world.untilEnd(await world.prompt(JSON.stringify([begun, ...acts])));
}
const losses = (world: World): Loss[] => world.events.filter((event) => event.type === "loss");
const kinds = (world: World): string[] => losses(world).map(({ kind }) => kind);
const rows = (world: World): string[] =>
  world
    .records()
    .map((event) =>
      event.type === "agent-message" || event.type === "notice" ? event.text : event.type === "user-message" ? "prompt" : event.type,
    );

test("all sources agree, also when one of them lags: nothing is lost", async () => {
  await using world = await scripted();
  const late = says("late");
  const ends = toolEnds("c1");
  const turn: Act[] = [["both", prompt], ["both", says("one")], ["both", calls("c1")], ["out", ends], ["out", late], result()];
  await play(world, [...turn, ["wait", 600], ["record", ends], ["record", late]]);
  const told = ["prompt", "turn-started", "one", "tool-call", "tool-result", "late", "turn-ended"];
  expect(rows(world)).toEqual(told);
  await play(world, [["both", prompt], ["both", says("two")], result()]);
  expect(rows(world)).toEqual([...told, "prompt", "turn-started", "two", "turn-ended"]);
  expect(kinds(world)).toEqual([]);
}, 30_000);

test("a tool call of which no source says how it ended", async () => {
  await using world = await scripted();
  await play(world, [["both", prompt], ["both", calls("c1")], ["both", says("done")], result()]);
  expect(losses(world).map(({ kind, words }) => [kind, words?.text])).toEqual([["tool_unended", expect.stringContaining("Bash")]]);
  const stopped = { is_error: true, terminal_reason: "aborted_tools" };
  await play(world, [["both", prompt], ["both", calls("c2")], result(stopped)]);
  expect(kinds(world)).toHaveLength(1);
}, 30_000);

test("a result and nothing else is said to be that", async () => {
  await using world = await scripted();
  await play(world, [["both", prompt], result()]);
  expect(kinds(world)).toEqual(["turn_empty"]);
  await play(world, [["both", prompt], result({ is_error: true, terminal_reason: "aborted_tools" })]);
  expect(kinds(world)).toHaveLength(1);
}, 30_000);

const outcomes = (world: World): string[] =>
  world
    .records()
    .flatMap((event) =>
      event.type === "turn-ended" ? [event.failure ? `${event.outcome}: ${event.failure.message}` : event.outcome] : [],
    );

test("a result without a line read is never told as done, whether its prompt was recorded or not", async () => {
  await using world = await scripted();
  await play(world, [["both", prompt], result()]);
  await play(world, [result()]);
  const wordless = "failed: Claude Code ended the turn without a word: it can't be told whether it did anything.";
  expect(outcomes(world)).toEqual([wordless, wordless]);
  expect(kinds(world)).toEqual(["turn_empty", "turn_empty"]);
  const stages = world.events.flatMap((event) => (event.type === "stage" ? [event.stage] : []));
  expect(stages).not.toContain("done");
  expect(stages.filter((stage) => stage === "failed")).toHaveLength(2);
  await play(world, [["both", prompt], ["both", says("one")], result()]);
  expect(outcomes(world).at(-1)).toBe("completed");
}, 30_000);

test("the next turn, which the record has already, waits for the end of this one on the output", async () => {
  await using world = await scripted();
  const next = { ...prompt, uuid: uuid(), parentUuid: "before", promptSource: "sdk" };
  const [one, two] = [says("one"), says("two")];
  const ending = result({ user_message_uuids: [next.uuid] });
  const id = `result:${(ending[1] as { uuid: string }).uuid}`;
  // Queued behind the first: Claude goes on at once.
  const first: Act[] = [["out", prompt], ["out", one], ["record", prompt], ["record", one], ["record", next], ["wait", 400], result()];
  await play(world, [...first, ["both", two], ending]);
  await world.until((event): event is DriverEvent => event.type === "record" && event.event.id === id);
  const turn = (text: string): string[] => ["prompt", "turn-started", text, "turn-ended"];
  expect(rows(world)).toEqual([...turn("one"), ...turn("two")]);
  expect(outcomes(world)).toEqual(["completed", "completed"]);
  expect(kinds(world)).toEqual([]);
}, 30_000);

test("a turn without a word of which the record has the beginning late: it begins before it ends", async () => {
  await using world = await scripted();
  await play(world, [["out", prompt], result(), ["wait", 900], ["record", prompt]]);
  await play(world, [["both", prompt], ["both", says("one")], result()]);
  const told = rows(world).filter((row) => row.startsWith("turn") || row === "one");
  expect(told).toEqual(["turn-started", "turn-ended", "turn-started", "one", "turn-ended"]);
}, 30_000);

test("a turn without a word that ends before another session process is not told as done by that one", async () => {
  await using world = await scripted();
  await play(world, [["both", prompt], ["both", says("one")], result()]);
  const before = world.events.length;
  const localId = await world.prompt(JSON.stringify([begun, ["both", prompt], ["wait", 1_500], result()]));
  await world.until((event): event is DriverEvent => event.type === "record" && event.event.type === "turn-started", before);
  await world.reopen();
  await world.conversation.adopt();
  expect((await world.untilEnd(localId)).failure?.message).toContain("without a word");
  expect(kinds(world)).toEqual(["turn_empty"]);
  await play(world, [["both", prompt], ["both", says("two")], result()]);
  expect(outcomes(world).at(-1)).toBe("completed");
}, 30_000);

test("a command of Claude's own may end without a word", async () => {
  await using world = await scripted();
  // The scripted one reads its acts behind the name.
  await world.untilEnd(await world.prompt(`/compact ${JSON.stringify([begun, ["both", prompt], result()])}`));
  expect(outcomes(world)).toEqual(["completed"]);
}, 30_000);

test("a record that falls silent: what the output says is told in its place, once", async () => {
  await using world = await scripted();
  await play(world, [["both", prompt], ["both", says("one")], ["out", says("two")], ["out", says("three")], result()]);
  await play(world, [["out", prompt], ["out", says("four")], result()]);
  expect(rows(world).filter((row) => row !== "usage")).toEqual([
    ...["prompt", "turn-started", "one", "two", "three", "turn-ended"],
    ...["prompt", "turn-started", "four", "turn-ended"],
  ]);
  expect(kinds(world)).toEqual(["record_silent"]);
  expect(losses(world)[0]?.details).toMatchObject({ lines: 2, path: expect.stringContaining("anywhere") });
}, 30_000);

test("a record that is gone and comes back with everything: nothing twice, no turn is left open, no false interruption", async () => {
  await using world = await scripted();
  const words = [says("one"), says("two")];
  await play(world, [["out", prompt], ["out", words[0]], result()]);
  expect(kinds(world)).toEqual(["record_missing"]);
  await world.reopen();
  await world.conversation.adopt();
  const back: Act[] = [
    ["record", { ...prompt, timestamp: "2026-01-01T00:00:00.000Z" }],
    ["record", { ...words[0], timestamp: "2026-01-01T00:00:00.001Z" }],
  ];
  await play(world, [...back, ["both", prompt], ["both", words[1]], result()]);
  await world.conversation.stop({ graceMs: 1_000 });
  expect(rows(world).filter((row) => row.startsWith("turn-"))).toEqual(["turn-started", "turn-ended", "turn-started", "turn-ended"]);
  expect(
    world
      .records()
      .filter((event) => event.type === "turn-ended")
      .map(({ outcome }) => outcome),
  ).toEqual(["completed", "completed"]);
  expect(rows(world).filter((row) => row === "one" || row === "two")).toEqual(["one", "two"]);
  expect(kinds(world)).toEqual(["record_missing"]);
}, 30_000);

test("words behind the end of their turn", async () => {
  await using world = await scripted();
  await play(world, [["both", prompt], ["both", says("one")], result()]);
  const after = world.events.length;
  await world.prompt(JSON.stringify([["record", says("from nowhere")]]));
  await world.until((event): event is Extract<typeof event, { type: "loss" }> => event.type === "loss", after);
  expect(kinds(world)).toEqual(["rows_outside_turn"]);
}, 30_000);

test("a broken line of the record is counted, and no reason to worry anybody", async () => {
  await using world = await scripted();
  await play(world, [["both", prompt], ["record", '{"type":"assist'], ["both", says("one")], result()]);
  expect(losses(world).map(({ kind, words }) => [kind, words?.text])).toEqual([["record_unreadable", undefined]]);
}, 30_000);

test("an output that falls silent while Claude says that it is idle", async () => {
  await using world = await scripted();
  await world.prompt(JSON.stringify([begun, ["both", prompt], ["both", says("one")], ["status", "idle"]]));
  await world.until((event): event is Extract<typeof event, { type: "loss" }> => event.type === "loss");
  expect(kinds(world)).toEqual(["output_silent"]);
}, 30_000);

/** Everything the agent has said up to its next result, forgotten by the host before anybody reads it. */
async function forgetOutput(world: World): Promise<void> {
  const agent = world.host.processes()[0];
  if (!agent) throw new Error("no agent runs");
  const readFrom = async (offset: number): Promise<void> => {
    let said = "";
    for await (const chunk of agent.read("out", offset)) {
      said += Buffer.from(chunk.bytes).toString("utf8");
      if (said.includes('"type":"result"')) return agent.release("out", chunk.offset + chunk.bytes.length);
    }
  };
  await readFrom(0).catch(async (cause: unknown) => {
    if (!(cause instanceof RingGapError)) throw cause;
    await readFrom(cause.oldest);
  });
}

test("output that was forgotten before anybody read it", async () => {
  await using world = await scripted();
  await play(world, [["both", prompt], ["both", says("one")], result()]);
  await world.prompt(JSON.stringify([begun, ["wait", 500], ["both", prompt], ["both", says("two")], result()]));
  await world.reopen();
  await forgetOutput(world);
  const after = world.events.length;
  await world.conversation.adopt();
  await world.until((event): event is Extract<typeof event, { type: "loss" }> => event.type === "loss", after);
  expect(losses(world)[0]).toMatchObject({ kind: "output_lost", words: { code: "output_lost_not_read_in_time" } });
  expect(rows(world)).toContain("two");
}, 30_000);

test("more requests at once than can be kept: the next one is refused with a sentence and a warning, and Claude goes on", async () => {
  await using world = await scripted();
  const asks = Array.from({ length: 101 }, (_, at): Act => [
    "out",
    { type: "control_request", request_id: `ask-${at}`, request: { subtype: "can_use_tool", tool_name: "Bash", input: { command: "ls" } } },
  ]);
  await play(world, [["both", prompt], ...asks, ["both", says("one")], result()]);
  await play(world, [["both", prompt], ["answers", says("")], result()]);
  expect(world.events.filter((event) => event.type === "request")).toHaveLength(100);
  const said = world.records().findLast((event) => event.type === "agent-message");
  expect(JSON.parse(said?.text ?? "")).toMatchObject([
    { subtype: "success", request_id: "ask-100", response: { behavior: "deny", message: expect.stringContaining("Too many") } },
  ]);
  const warned = world.records().filter((event) => event.type === "notice");
  expect(warned).toMatchObject([{ level: "warning", text: expect.stringContaining("nobody was asked: Bash") }]);
}, 30_000);
