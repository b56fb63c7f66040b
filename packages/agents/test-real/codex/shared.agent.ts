/** The real Codex: its own screen and the session are live on one thread at the same time. */
import { afterEach, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ignore } from "@hapi/platform/lean";
import { type FakeModels, startFakeModels } from "@hapi/testkit";
import { codexDriver } from "../../src/codex/driver.ts";
import { isClosed, isExited, isRecord, openWorld, type World } from "../../src/contract/world.ts";
import type { DriverEvent } from "../../src/driver.ts";
import { joinThread } from "./client.ts";
import { prepareHome } from "./home.ts";
import { openScreen, type Screen } from "./screen.ts";

let fake: FakeModels;
let folder = "";

const open = (more?: string): Promise<World> =>
  openWorld({
    name: "Codex",
    driver: codexDriver,
    timeoutMs: 60_000,
    async prepare(own) {
      fake = await startFakeModels();
      const server = fake;
      folder = own;
      const cwd = join(own, "project");
      return { env: prepareHome(own, { url: fake.url, cwd, ...(more === undefined ? {} : { more }) }), cwd, dispose: () => server.close() };
    },
  });

let screen: Screen | null = null;
afterEach(() => {
  screen?.stop();
  screen = null;
});

async function withScreen(world: World): Promise<Screen> {
  await world.start();
  await world.conversation.terminal?.open({ cols: 100, rows: 30 });
  const process = world.host.processes().find(({ kind }) => kind === "pty");
  if (!process) throw new Error("there is no screen");
  screen = openScreen(process);
  await screen.shows("for shortcuts");
  return screen;
}

const isTerminalClosed = (event: DriverEvent): event is Extract<DriverEvent, { type: "terminal-closed" }> =>
  event.type === "terminal-closed";
const modelSaw = () =>
  (fake.requests.findLast((request) => request.op === "answer" && !request.aux)?.messages ?? []).flatMap(({ parts }) =>
    parts.map((part) => part.text ?? ""),
  );

test("what is said from afar is on the screen, what is typed there is heard, and neither stops the other", async () => {
  await using world = await open();
  const shown = await withScreen(world);
  expect(world.conversation.terminal?.isOpen).toBe(true);
  await world.untilEnd(await world.prompt("say: pineapple"));
  await shown.shows("pineapple");
  const before = world.events.length;
  await shown.type("say: tangerine");
  const end = await world.until(isRecord("turn-ended"), before);
  expect(end.event).toMatchObject({ outcome: "completed", localIds: [] });
  expect(world.records().findLast((record) => record.type === "user-message")).toMatchObject({
    text: "say: tangerine",
    origin: "terminal",
  });
  expect(world.records().findLast((record) => record.type === "agent-message")).toMatchObject({ text: "tangerine" });
  expect(world.conversation.terminal?.isOpen).toBe(true);
  expect(modelSaw().join("\n")).toContain("pineapple");
}, 120_000);

test("an approval stands on both sides, and an answer on either closes the other", async () => {
  await using world = await open();
  const shown = await withScreen(world);
  const first = await world.prompt("write a.txt: hello");
  const request = await world.request();
  await shown.shows("Would you like to make the following edits");
  await world.answer(request, { behavior: "allow" });
  expect((await world.untilEnd(first)).outcome).toBe("completed");

  const before = world.events.length;
  const second = await world.prompt("write b.txt: hello");
  const again = await world.request(before);
  await shown.asks("Would you like to make the following edits");
  const closed = await shown.press("y", world.until(isClosed, before));
  expect(closed).toMatchObject({ id: again.id, by: "terminal" });
  expect((await world.untilEnd(second)).outcome).toBe("completed");
  expect(world.events.findLast(isClosed)).toMatchObject({ id: again.id, outcome: "approved", by: "terminal" });
  expect(await world.conversation.answer(again.id, { behavior: "deny" })).toBe("gone");
}, 120_000);

test("the screen goes with its server, which the next start brings back on the same thread; left by a person it says so", async () => {
  await using world = await open();
  await withScreen(world);
  await world.untilEnd(await world.prompt("say: before"));
  const { threadId } = world.conversation;
  const server = world.host.processes().find(({ kind }) => kind === "pipe");
  await server?.signal("SIGKILL");
  expect(await world.until(isTerminalClosed)).toMatchObject({ expected: true });
  expect(await world.until(isExited)).toMatchObject({ expected: false, failure: { code: "agent_exited" } });
  expect(world.conversation).toMatchObject({ front: null, threadId });
  screen?.stop();

  const before = world.events.length;
  await world.start({ threadId: threadId ?? "" });
  await world.conversation.terminal?.open({ cols: 100, rows: 30 });
  const process = world.host.processes().findLast(({ kind }) => kind === "pty");
  if (!process) throw new Error("there is no screen");
  screen = openScreen(process);
  await screen.shows("before");
  await process.signal("SIGTERM");
  expect(await world.until(isTerminalClosed, before)).toMatchObject({ expected: false });
  expect(world.conversation.front).toBe("remote");
}, 120_000);

test("after a kill of the session process its successor has both, and the thread goes on", async () => {
  await using world = await open();
  const shown = await withScreen(world);
  const localId = await world.prompt("slow 20 50");
  await world.reopen();
  expect(await world.conversation.adopt()).toBe("remote");
  expect(world.conversation.terminal?.isOpen).toBe(true);
  expect((await world.untilEnd(localId)).outcome).toBe("completed");
  await world.untilEnd(await world.prompt("say: still here"));
  await shown.shows("still here");
}, 120_000);

test("capacity, a broken stream and a kill of the server: the next words find the same thread and everything that was said", async () => {
  await using world = await open();
  await world.start();
  const { threadId } = world.conversation;
  await world.untilEnd(await world.prompt("say: the methods are alpha and beta"));
  const failures: unknown[] = [];
  for (const words of ["fail 529", "break", "fail 500"]) {
    const end = await world.untilEnd(await world.prompt(words));
    failures.push([end.outcome, end.failure?.code, end.failure?.retryable]);
  }
  expect(failures).toEqual([
    ["failed", "overloaded", true],
    ["failed", "overloaded", true],
    ["failed", "server_error", true],
  ]);
  await world.prompt("slow 400 50");
  await world.host.processes()[0]?.signal("SIGKILL");
  await world.until(isExited);
  await world.start({ threadId: threadId ?? "" });
  expect((await world.untilEnd(await world.prompt("say: and gamma"))).outcome).toBe("completed");
  expect(world.conversation.threadId).toBe(threadId);
  const heard = modelSaw().join("\n");
  for (const words of ["the methods are alpha and beta", "fail 529", "break", "fail 500", "and gamma"]) expect(heard).toContain(words);
}, 120_000);

test("a prompt that the thread has is not handed again, whoever forgot that it was", async () => {
  await using world = await open();
  await world.start();
  await world.untilEnd(await world.prompt("say: once", "the-one"));
  await world.reopen();
  await world.conversation.adopt();
  expect(await world.conversation.lookup("the-one")).toBe("present");
  const refused = await world.conversation
    .prompt({ localId: "the-one", text: "say: once", attachments: [] })
    .catch((cause: unknown) => cause);
  expect(refused).toMatchObject({ code: "session_conflict" });
  await world.conversation.stop({ graceMs: 5_000 });
  expect(await world.conversation.lookup("the-one")).toBe("present");
  expect(await world.conversation.lookup("another")).toBe("absent");
}, 120_000);

test("words steered into a turn that is stopped, or dies, before it took them: in no later turn, until they are sent again", async () => {
  await using world = await open();
  await world.start();
  const steered = { localId: "steered", text: "say: rather this", attachments: [] };
  const timesSaid = () => modelSaw().filter((words) => words.includes("rather this")).length;
  await world.prompt("write a.txt: hello");
  await world.request();
  await world.conversation.prompt(steered);
  expect(world.stages("steered")).toEqual(["handed"]);
  await world.conversation.interrupt();
  await world.until(
    (event): event is DriverEvent => event.type === "stage" && event.localId === "steered" && event.stage === "interrupted",
  );
  await world.untilEnd(await world.prompt("say: next"));
  expect([timesSaid(), await world.conversation.lookup("steered")]).toEqual([0, "absent"]);

  const before = world.events.length;
  await world.prompt("write b.txt: hello");
  await world.request(before);
  await world.conversation.prompt(steered);
  await world.host.processes()[0]?.signal("SIGKILL");
  await world.until(isExited);
  expect(world.stages("steered")).toEqual(["handed", "interrupted"]);
  expect(await world.conversation.lookup("steered")).toBe("absent");
  await world.start({ threadId: world.conversation.threadId ?? "" });
  await world.conversation.prompt(steered);
  await world.untilEnd("steered");
  expect([timesSaid(), world.stages("steered").at(-1)]).toEqual([1, "done"]);
}, 120_000);

test("usage of a turn is what the model server counted", async () => {
  await using world = await open();
  await world.start();
  const end = await world.untilEnd(await world.prompt("read: a.txt\nsay: done"));
  const aux = new Set(fake.requests.flatMap(({ n, aux }) => (aux ? [n] : [])));
  const counted = fake.requests.flatMap(({ n, usage }) => (usage && !aux.has(n) ? [usage] : []));
  expect(counted.length).toBeGreaterThan(1);
  const sum = (which: "input" | "output") => counted.reduce((total, usage) => total + usage[which], 0);
  expect(end.usage).toMatchObject({ inputTokens: sum("input"), outputTokens: sum("output"), cacheReadTokens: 0 });
  expect(end.usage?.contextWindow).toBeGreaterThan(1_000);
}, 120_000);

test("modes are Codex's own policies, shown to everybody on the thread", async () => {
  await using world = await open();
  await world.start();
  await using other = await joinThread(join(folder, "agent-1.sock"), world.events);
  const policies: unknown[] = [];
  for (const mode of ["default", "safe-yolo", "yolo", "read-only", "plan", "default"]) {
    const from = other.heard.length;
    await world.conversation.setPermissionMode(mode);
    const told = await other.said((message) => other.heard.indexOf(message) >= from && message.method === "thread/settings/updated");
    const { threadSettings } = told.params as {
      threadSettings: { approvalPolicy: string; sandboxPolicy: { type: string }; collaborationMode: { mode: string } };
    };
    policies.push([mode, threadSettings.approvalPolicy, threadSettings.sandboxPolicy.type, threadSettings.collaborationMode.mode]);
  }
  expect(policies).toEqual([
    ["default", "on-request", "workspaceWrite", "default"],
    ["safe-yolo", "never", "workspaceWrite", "default"],
    ["yolo", "never", "dangerFullAccess", "default"],
    ["read-only", "on-request", "readOnly", "default"],
    ["plan", "on-request", "readOnly", "plan"],
    ["default", "on-request", "workspaceWrite", "default"],
  ]);
}, 120_000);

test("a configuration that can't be read starts nothing", async () => {
  await using world = await open("[analytics]\nenabled = true");
  const refused = await world.start().catch((cause: unknown) => cause);
  expect(refused).toMatchObject({ code: "spawn_failed" });
  expect(String(refused)).toContain("config.toml");
  expect(String(refused)).toContain("Nothing was started");
  await Promise.all(world.host.processes().map((process) => process.exited));
  expect(world.conversation.front).toBeNull();
  expect(fake.requests.filter((request) => request.op === "answer")).toHaveLength(0);
}, 60_000);

test("a fork is a thread of its own with the old words in it", async () => {
  await using world = await open();
  await world.start();
  await world.untilEnd(await world.prompt("say: the word is heliotrope"));
  const { threadId } = world.conversation;
  await world.conversation.stop({ graceMs: 5_000 });
  await world.start({ threadId: threadId ?? "", fork: true });
  expect(world.conversation.threadId).not.toBe(threadId);
  await world.untilEnd(await world.prompt("say: on the branch"));
  expect(modelSaw().join("\n")).toContain("heliotrope");
  ignore(world.conversation.settled(), "it runs");
}, 120_000);

test("an approval that was given elsewhere while no session process lived is not asked for again, and not left open", async () => {
  await using world = await open();
  await world.start();
  const localId = await world.prompt("sudo: while [ ! -e go ]; do sleep 0.05; done");
  const request = await world.request();
  await using other = await joinThread(join(folder, "agent-1.sock"), world.events);
  const asked = await other.asked("item/commandExecution/requestApproval");
  await world.reopen();
  const resolved = other.said((message) => message.method === "serverRequest/resolved");
  other.reply(asked.id ?? 0, { decision: "accept" });
  await resolved;
  const before = world.events.length;
  expect(await world.conversation.adopt()).toBe("remote");
  const closed = await world.until(isClosed, before);
  expect(closed).toMatchObject({ id: request.id, by: "terminal" });
  expect(world.conversation.busy).toBe(true);
  writeFileSync(join(folder, "project", "go"), "");
  expect((await world.untilEnd(localId)).outcome).toBe("completed");
  expect(world.events.findLast(isClosed)).toMatchObject({ id: request.id, outcome: "approved", by: "terminal" });
  expect(world.events.slice(before).some((event) => event.type === "request")).toBe(false);
}, 120_000);

test("begun in the mode plan, it is in that mode before the first word", async () => {
  await using world = await open();
  await world.start({ permissionMode: "plan" });
  expect(world.events.findLast((event) => event.type === "mode")).toMatchObject({ mode: "plan" });
  await world.untilEnd(await world.prompt("say: hello"));
  const instructions = fake.requests.findLast((request) => request.op === "answer" && !request.aux)?.messages ?? [];
  expect(JSON.stringify(instructions)).toContain("Plan Mode");
}, 120_000);
