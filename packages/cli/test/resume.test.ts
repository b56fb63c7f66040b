/** `hapi resume` of a session on another machine: the real CLI and hub, a runner that answers as told. What failed is said with what to do next. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "@hapi/platform";
import { connectHub, type HubClient, startTestHub, type TestHub } from "@hapi/testkit";

const MAIN = join(import.meta.dir, "../src/main.ts");
const MACHINE = "machine-elsewhere";

let hub: TestHub;
let client: HubClient;
let home: string;
let answer: (params: Record<string, unknown>) => unknown = () => ({});
let disconnect: () => void = () => undefined;

beforeAll(async () => {
  hub = await startTestHub();
  client = await connectHub(hub);
  home = mkdtempSync(join(tmpdir(), "hapi-resume-"));
  const metadata = { host: "there", platform: "linux", happyCliVersion: "1", capabilities: ["spawn-history"] };
  await client.cli("POST", "/machines", { id: MACHINE, metadata });
  const socket = await client.socket({ token: client.accessToken, clientType: "machine-scoped", machineId: MACHINE });
  socket.emit("machine-alive", { machineId: MACHINE, time: Date.now() });
  socket.on("rpc-request", async (request: { params: string }, reply: (text: string) => void) =>
    reply(JSON.stringify(await answer(JSON.parse(request.params) as Record<string, unknown>))),
  );
  socket.emit("rpc-register", { method: `${MACHINE}:spawn-happy-session` });
  await socket.emitWithAck("ping");
  disconnect = () => void socket.close();
});
afterAll(async () => {
  disconnect();
  await hub.close();
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

const hapi = (...words: string[]) =>
  runCommand([process.execPath, MAIN, ...words], {
    env: { PATH: process.env["PATH"] ?? "", HOME: home, HAPI_HOME: home, HAPI_API_URL: hub.url, CLI_API_TOKEN: hub.token },
    cwd: home,
    timeoutMs: 120_000,
  });

/** One that ran there before and ended. */
async function ended(capabilities: Record<string, unknown> = {}): Promise<string> {
  const metadata = { machineId: MACHINE, claudeSessionId: "thread-1", capabilities: { control: "switch", fork: true, ...capabilities } };
  const { id, socket } = await client.session({ metadata });
  socket.emit("session-end", { sid: id, time: Date.now() });
  await socket.emitWithAck("ping");
  socket.close();
  return id;
}

/** Its process comes up under this id. */
async function comeUp(id: string): Promise<void> {
  const socket = await client.socket({ token: client.accessToken, clientType: "session-scoped", sessionId: id });
  socket.emit("session-alive", { sid: id, time: Date.now(), thinking: false });
  // What tells the hub that the process is there, and not only its lease.
  socket.emit("rpc-register", { method: `${id}:abort` });
  await socket.emitWithAck("ping");
}

test("the same id again; asked once more, it says that it runs", async () => {
  const id = await ended();
  answer = async ({ existingSessionId }) => {
    await comeUp(String(existingSessionId));
    return { type: "success", sessionId: existingSessionId };
  };
  expect(JSON.parse((await hapi("resume", id, "--json")).stdout)).toEqual({ sessionId: id, resumed: true });
  expect((await hapi("resume", id.slice(0, 12))).stdout).toBe(`${id} is running already on its machine.\n`);
}, 120_000);

test("it does not start: the cause, and the fork that is offered works", async () => {
  const id = await ended();
  answer = () => ({ type: "error", errorMessage: "The disk is full.", code: "spawn_failed" });
  const refused = await hapi("resume", id, "--remote");
  expect([refused.code, refused.stdout]).toEqual([1, ""]);
  expect(refused.stderr).toBe(`hapi: The disk is full. Go on in a new session with its history: hapi resume ${id.slice(0, 8)} --fork\n`);
  const asked: Record<string, unknown>[] = [];
  answer = (params) => {
    asked.push(params);
    return { type: "success", sessionId: params["existingSessionId"] };
  };
  const forked = JSON.parse((await hapi("resume", id, "--fork", "--json")).stdout) as Record<string, string>;
  expect(forked).toEqual({ sessionId: expect.any(String), forkedFrom: id });
  expect(forked["sessionId"]).not.toBe(id);
  expect(asked).toMatchObject([{ resumeSessionId: "thread-1", forkSession: true, existingSessionId: forked["sessionId"] }]);
}, 120_000);

test("its own conversation is gone: the history is the next step, and goes to the runner as text", async () => {
  const id = await ended();
  const short = id.slice(0, 8);
  const process = await client.socket({ token: client.accessToken, clientType: "session-scoped", sessionId: id });
  const message = { role: "user", content: { type: "text", text: "remember pineapple" }, meta: { sentFrom: "cli" } };
  await process.emitWithAck("message", { sid: id, key: "said", message });
  process.emit("session-end", { sid: id, time: Date.now() });
  await process.emitWithAck("ping");
  process.close();
  answer = () => ({ type: "error", errorMessage: "The conversation is gone.", code: "resume_unavailable" });
  const next = `The conversation is gone. Go on in a new session whose agent is given the text of this one: hapi resume ${short} --history`;
  expect((await hapi("resume", id, "--remote")).stderr).toBe(`hapi: ${next}\n`);
  expect((await hapi("resume", id, "--fork")).stderr).toBe(`hapi: ${next}\n`);
  const asked: Record<string, unknown>[] = [];
  answer = async (params) => {
    asked.push(params);
    const told = { at: 2, how: "new", front: "remote", asked: null, used: "thread-2" };
    const started = await client.socket({
      token: client.accessToken,
      clientType: "session-scoped",
      sessionId: String(params["sessionId"]),
    });
    const { session } = (await client.api("GET", `/sessions/${String(params["sessionId"])}`)).body as { session: Record<string, unknown> };
    const metadata = { ...(session["metadata"] as object), lastStart: told };
    await started.emitWithAck("update-metadata", { sid: session["id"], expectedVersion: session["metadataVersion"], metadata });
    started.close();
    return { type: "success", sessionId: params["sessionId"] };
  };
  const told = await hapi("resume", id, "--history");
  const forkId = String(asked[0]?.["sessionId"]);
  expect(told.stdout).toBe(`${forkId} is a new session with the history of ${id}.\n`);
  expect(told.stderr).toContain(`with your first prompt: hapi send ${forkId.slice(0, 8)} "…"`);
  expect(asked[0]?.["history"]).toBe("## Person\nremember pineapple");
  expect(JSON.parse((await hapi("resume", id, "--history", "--json")).stdout)).toEqual({ sessionId: expect.any(String), forkedFrom: id });
  expect((await hapi("resume", id, "--history", "--fork")).stderr).toContain("Say --fork (a branch");
}, 120_000);

test("no fork where the agent has none; no machine; no session: each with its next step", async () => {
  const id = await ended({ fork: false });
  const short = id.slice(0, 8);
  expect((await hapi("resume", id, "--fork")).stderr).toBe(
    `hapi: This conversation can't be branched off. Continue it itself with: hapi resume ${short}, or start another one with: hapi --new\n`,
  );
  expect((await hapi("retry")).stderr).toBe("hapi: This directory has no session. Start one here with: hapi, or see: hapi sessions\n");
  expect((await hapi("resume")).stderr).toBe(
    "hapi: This directory has no session. Say which one: hapi resume <session>. See: hapi sessions\n",
  );
  disconnect();
  await client.sse().then((events) => events.close());
  const away = await hapi("resume", id);
  expect(away.code).toBe(1);
  expect(away.stderr).toContain("start a runner on it with: hapi runner start. A prompt waits for it: hapi send");
}, 120_000);
