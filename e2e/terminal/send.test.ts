/**
 * `hapi send`, `outbox`, `resume` and `retry` with the real hub, runner, hosts and the demo agent: what is said, what is left on the disk, and the
 * exit codes scripts decide on.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { waitingPrompts } from "@hapi/client";
import { readRunnerState } from "@hapi/machine/runner";
import { isAlive, killTree, processStartTime, runningHub } from "@hapi/platform";
import { HAPI, openPlace, type Place, until } from "./place.ts";

let place: Place;
let shop: string;
let sessionId: string;
beforeAll(async () => {
  place = await openPlace();
  shop = place.project("shop");
  const { stdout } = await hapi("demo", "--new", "--hapi-starting-mode", "remote");
  sessionId = stdout.trim();
  await until(async () => (await place.api().sessions.get(sessionId)).active, "the session runs");
}, 240_000);
afterAll(() => place[Symbol.asyncDispose](), 60_000);

const hapi = (...words: string[]) => place.hapi(words, { cwd: shop });
const json = async (...words: string[]): Promise<Record<string, unknown>> =>
  JSON.parse((await hapi(...words, "--json")).stdout) as Record<string, unknown>;
const kept = (): string[] => {
  const dir = join(place.home, "outbox");
  return readdirSync(dir).filter((name) => name.endsWith(".prompt"));
};
const answerTo = async (text: string): Promise<string> => {
  const { code, stdout, stderr } = await hapi("send", ".", text, "--wait");
  // A busy computer may make it wait for its agent, which is said there.
  expect([code, stderr.replaceAll(/^It (waits|is) .*\n/gm, "")]).toEqual([0, ""]);
  return stdout;
};

async function killHub(): Promise<void> {
  const [pid = 0] = place.hubPids().slice(-1);
  process.kill(pid, "SIGKILL");
  await until(async () => processStartTime(pid) === null, "the hub is dead");
}

const turnRuns = (): Promise<unknown> =>
  until(async () => {
    const { messages } = await place.api().messages.page(sessionId, { limit: 10 });
    return messages.findLast((row) => row.localId !== null)?.stage === "started";
  }, "the turn runs");

test("--wait prints the answer and nothing else; by directory, beginning of the id, and from a pipe", async () => {
  expect(await answerTo("say: hello")).toBe("hello\n");
  expect((await hapi("send", sessionId.slice(0, 6), "say: two words", "-w")).stdout).toBe("two words\n");
  const child = spawn(HAPI, ["send", ".", "-", "--wait"], { cwd: shop, env: place.env, stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end("say: from a pipe\n");
  let out = "";
  child.stdout.on("data", (chunk: Buffer) => void (out += chunk.toString()));
  expect([await new Promise((done) => child.once("close", done)), out]).toEqual([0, "from a pipe\n"]);
  expect(kept()).toEqual([]);
}, 240_000);

test("an answer that is there before the hub's word on the sending: nothing is left that would be called unsent", async () => {
  const hub = `http://127.0.0.1:${place.port}`;
  // Everything passes, but for what the hub says to the sending.
  const between = createServer((request, response) => {
    const isSending = request.method === "POST" && request.url?.endsWith("/messages") === true;
    const passed = httpRequest(new URL(request.url ?? "/", hub), { method: request.method, headers: request.headers }, (answer) => {
      if (isSending) return void answer.resume();
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    passed.on("error", () => response.destroy());
    response.on("close", () => passed.destroy());
    request.pipe(passed);
  });
  await new Promise<void>((done) => between.listen(0, "127.0.0.1", done));
  try {
    const env = { HAPI_API_URL: `http://127.0.0.1:${(between.address() as AddressInfo).port}` };
    const { code, stdout } = await place.hapi(["send", sessionId, "say: already here", "--wait"], { cwd: shop, env });
    expect([code, stdout]).toEqual([0, "already here\n"]);
    expect(kept()).toEqual([]);
  } finally {
    between.closeAllConnections();
    between.close();
  }
}, 240_000);

test("a turn that fails says why with exit code 2, and hapi retry runs it again on the same conversation", async () => {
  const failed = await hapi("send", ".", "fail 529 x1", "--wait");
  expect([failed.code, failed.stdout]).toEqual([2, ""]);
  expect(failed.stderr).toMatch(/^hapi: The turn failed: .*overloaded.* Try again with: hapi retry [0-9a-f]{8}\n$/);
  expect(await json("retry")).toEqual({ sessionId, retried: true });
  await until(async () => {
    const { messages } = await place.api().messages.page(sessionId, { limit: 50 });
    return messages.findLast((row) => row.localId !== null)?.stage === "done";
  }, "the retried turn is done");
  const { code, stderr } = await hapi("retry", sessionId);
  expect([code, stderr]).toEqual([1, expect.stringContaining("Send a prompt instead: hapi send")]);
}, 240_000);

test("--timeout ends the wait, not the turn; a second prompt waits behind it and --json says everything", async () => {
  const slow = await hapi("send", ".", "slow 60 400", "--wait", "--timeout", "1s");
  expect([slow.code, slow.stdout]).toEqual([5, ""]);
  expect(slow.stderr).toMatch(/Time is up; (the hub has the prompt|the prompt is kept)/);
  const behind = await hapi("send", ".", "say: behind", "--wait", "--json");
  expect(JSON.parse(behind.stdout)).toEqual({
    sessionId,
    localId: expect.any(String),
    outcome: "done",
    text: "behind",
    failure: null,
  });
  expect(behind.stderr).toContain("It waits for the turn that runs.");
}, 240_000);

test("--at is kept by the hub until then", async () => {
  const { scheduledAt, localId, state } = await json("send", ".", "say: later", "--at", "+2h");
  expect(state).toBe("sent");
  expect(Math.abs(Number(scheduledAt) - Date.now() - 7_200_000)).toBeLessThan(60_000);
  const { messages } = await place.api().messages.page(sessionId, { limit: 50 });
  expect(messages.find((row) => row.localId === localId)?.scheduledAt).toBe(Number(scheduledAt));
  expect(await place.api().messages.cancel(sessionId, String(localId))).toMatchObject({ status: "cancelled" });
}, 240_000);

test("hapi outbox lists what waits at the hub, and takes it back with the outcome as it is", async () => {
  const running = await json("send", ".", "slow 400 400");
  await until(async () => (await place.api().sessions.get(sessionId)).thinking, "the turn runs");
  const queued = await json("send", ".", "say: behind it");
  const planned = await json("send", ".", "say: much later", "--at", "+2h");
  const { prompts, atHub } = (await json("outbox")) as { prompts: unknown[]; atHub: Record<string, unknown>[] };
  expect(prompts).toEqual([]);
  expect(atHub).toMatchObject([
    { localId: queued.localId, sessionId, text: "say: behind it", state: "queued" },
    { localId: planned.localId, sessionId, text: "say: much later", state: "planned", scheduledAt: planned.scheduledAt },
  ]);
  // What it waits for is told when it has waited for a moment.
  await until(async () => (await waitingPrompts(place.api())).prompts.length === 2, "the hub says what they wait for");
  const { stdout } = await hapi("outbox");
  expect(stdout).toMatch(/behind a turn .*say: behind it/);
  expect(stdout).toMatch(/in 1 h .*say: much later/);

  const { findings } = (await json("doctor")) as { findings: { name: string; state: string; text: string }[] };
  expect(findings.find(({ name }) => name === "Prompts")).toEqual({
    name: "Prompts",
    state: "ok",
    text: "2 wait at the hub, each for something; see: hapi outbox",
  });

  const back = await hapi("outbox", "cancel", String(planned.localId).slice(0, 8));
  expect([back.code, back.stdout]).toEqual([0, "✓ 1 prompt taken back; its agent did not get it.\n"]);

  const another = await json("send", ".", "say: much later", "--at", "+3h");
  expect(await json("outbox", "cancel", String(another.localId))).toEqual({ cancelled: [another.localId], missed: [] });

  // Whoever holds the prompt does not answer: nobody can say whether it runs.
  const pid = (await place.facts(sessionId))?.session.pid ?? 0;
  expect(pid).toBeGreaterThan(1);
  process.kill(pid, "SIGSTOP");
  const unsure = await hapi("outbox", "cancel", String(queued.localId), "--json").finally(() => process.kill(pid, "SIGCONT"));
  expect([unsure.code, unsure.stdout && JSON.parse(unsure.stdout), unsure.stdout === "" ? unsure.stderr : ""]).toEqual([
    1,
    { cancelled: [], missed: [{ localId: queued.localId, status: "busy" }] },
    "",
  ]);
  expect(unsure.stderr).toContain("Try again with: hapi outbox cancel");
  // It hears of it when it goes on: taken back by the second call, or by the first one by then.
  await hapi("outbox", "cancel", String(queued.localId));
  expect(await json("outbox")).toMatchObject({ atHub: [] });
  await place.api().sessions.abort(sessionId);
  await until(async () => !(await place.api().sessions.get(sessionId)).thinking, "the turn is over");
  const { messages } = await place.api().messages.page(sessionId, { limit: 50 });
  expect(messages.map((row) => row.localId)).toContain(String(running.localId));
  expect(JSON.stringify(messages)).not.toMatch(/behind it|much later/);
}, 240_000);

test("what can't be sent is said before anything is kept", async () => {
  const wrong: [string[], string][] = [
    [["send", "."], "hapi send needs a session and a text: hapi send <session> <text>, or - to read it from a pipe."],
    [["send", ".", " "], "The text is empty; nothing was sent."],
    [["send", ".", "x", "--at", "yesterday"], '--at must be a time like +30m, 14:30 or 2026-11-21T09:00, not "yesterday".'],
    [["send", ".", "x", "--at", "+1h", "--steer"], "--at and --steer exclude each other: a later prompt has no turn to steer."],
    [["send", ".", "x", "--timeout", "1s"], "--timeout goes with --wait."],
    [["send", "nobody", "x"], 'No session is called "nobody" or has an id that begins so. See: hapi sessions'],
    [["outbox", "cancel"], "hapi outbox cancel needs an id, or --all. See: hapi outbox"],
    [["outbox", "retry", "abc"], 'No prompt in the outbox begins with "abc". See: hapi outbox'],
    [["outbox", "cancel", "abc"], 'No prompt that waits, here or at the hub, begins with "abc". See: hapi outbox'],
    [["outbox", "burn"], 'hapi outbox does not know "burn". See: hapi outbox --help'],
  ];
  for (const [args, sentence] of wrong)
    expect([args, await hapi(...args)]).toEqual([args, { code: 1, signal: null, stdout: "", stderr: `hapi: ${sentence}\n` }]);
  expect(kept()).toEqual([]);
  const elsewhere = await place.hapi(["send", ".", "x"], { cwd: place.project("empty") });
  expect(elsewhere.stderr).toBe("hapi: This directory has no session. Start one here with: hapi, or see: hapi sessions\n");
}, 240_000);

test("a refused prompt keeps its text and reason until it is retried or thrown away", async () => {
  const cwd = place.project("archived");
  const { stdout } = await place.hapi(["demo", "--new", "--hapi-starting-mode", "remote"], { cwd });
  const id = stdout.trim();
  await until(async () => (await place.api().sessions.get(id)).active, "the session runs");
  await place.api().sessions.end(id);
  await place.api().sessions.archive(id);
  const { code, stderr } = await hapi("send", id, "say: too late");
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(
      /^hapi: Session is archived\. Bring it back with: hapi resume [0-9a-f]{8}\. The text is kept; send it again with: hapi outbox retry [0-9a-f]{8}\n$/,
    ),
  ]);
  const { prompts } = (await json("outbox")) as { prompts: { localId: string; text: string; state: string }[] };
  expect(prompts).toMatchObject([{ text: "say: too late", state: "rejected", error: { code: "session_archived" } }]);
  expect((await hapi("outbox", "retry", prompts[0]?.localId ?? "")).code).toBe(1);
  expect((await hapi("outbox")).stdout).toContain("refused");
  expect((await hapi("outbox", "cancel", prompts[0]?.localId.slice(0, 8) ?? "")).stdout).toBe("✓ 1 prompt thrown away.\n");
  expect((await hapi("outbox")).stdout).toBe("Nothing waits, neither here nor at the hub.\n");
}, 240_000);

test("the hub is away: kept and said so, also across commands; sent once and in order when it is back", async () => {
  const [pid = 0] = place.hubPids().slice(-1);
  const runner = readRunnerState(place.home);
  process.kill(pid, "SIGKILL");
  await until(async () => processStartTime(pid) === null, "the hub is dead");
  if (runner && isAlive(runner)) killTree(runner, "SIGKILL");

  const first = await hapi("send", ".", "say: first");
  expect([first.code, first.stderr]).toEqual([0, ""]);
  expect(first.stdout).toContain("Kept, not sent yet. No hub answers at");
  expect(first.stdout).toContain("the next hapi command that reaches the hub sends it, or: hapi runner start");
  expect(await json("send", sessionId.slice(0, 8), "say: second")).toMatchObject({ sessionId, state: "kept", code: "hub_unreachable" });
  expect(await json("send", ".", "say: third")).toMatchObject({ state: "kept" });
  const dir = join(place.home, "outbox");
  expect(kept().map((name) => statSync(join(dir, name)).mode & 0o777)).toEqual([0o600, 0o600, 0o600]);
  const { prompts } = (await json("outbox")) as { prompts: { localId: string; text: string }[] };
  expect(prompts.map((prompt) => prompt.text)).toEqual(["say: first", "say: second", "say: third"]);
  await hapi("outbox", "cancel", prompts[1]?.localId ?? "");

  // `hapi` starts another hub; any command that reaches it sends what waited.
  await place.hapi(["demo", "--new", "--hapi-starting-mode", "remote"], { cwd: place.project("other") });
  const sent = async () => {
    const { messages } = await place.api().messages.page(sessionId, { limit: 20 });
    return messages.flatMap((row) => {
      const [, word] = /say: (first|second|third)/.exec(row.localId === null ? "" : JSON.stringify(row.content)) ?? [];
      return word === undefined ? [] : [{ word, isQueued: row.invokedAt == null }];
    });
  };
  await hapi("sessions");
  await until(async () => kept().length === 0, "the outbox is empty");
  // A page shows what waits at the time it came, and what was taken up at the time it was: between the two the second one would stand first.
  const taken = await until(async () => {
    const prompts = await sent();
    return prompts.every(({ isQueued }) => !isQueued) && prompts;
  }, "both are with their agent");
  expect(taken.map(({ word }) => word)).toEqual(["first", "third"]);
  expect(await answerTo("say: and on")).toBe("and on\n");
}, 360_000);

test("--wait outlives the hub: killed in the middle of the turn, the whole answer is printed when another one is there", async () => {
  const waiting = hapi("send", ".", "slow 20 400", "--wait", "--timeout", "25s");
  await turnRuns();
  await killHub();
  await place.hapi(["demo", "--new", "--hapi-starting-mode", "remote"], { cwd: place.project("third") });
  const { code, stdout } = await waiting;
  expect(code).toBe(0);
  expect(stdout.trimEnd()).toBe(
    Array.from({ length: 20 }, (_, index) => `chunk ${index + 1} `)
      .join("")
      .trimEnd(),
  );
}, 360_000);

test("--wait follows a hub that comes back at another port", async () => {
  const waiting = hapi("send", ".", "slow 20 400", "--wait", "--timeout", "28s");
  await turnRuns();
  await killHub();
  // Ended by the next test, or with the place.
  spawn(HAPI, ["hub", "--no-runner", "--quiet"], { cwd: place.root, env: { ...place.env, HAPI_LISTEN_PORT: "0" }, stdio: "ignore" });
  const url = await until(async () => runningHub(place.home)?.url ?? null, "another hub runs");
  expect(new URL(url).port).not.toBe(String(place.port));
  const { code, stdout } = await waiting;
  expect([code, stdout]).toEqual([0, expect.stringContaining("chunk 20")]);
}, 360_000);

test("the runner sends what was kept while nobody runs a command", async () => {
  await killHub();
  const runner = await until(async () => {
    const state = readRunnerState(place.home);
    return state && isAlive(state) ? state : null;
  }, "the runner lives");
  const { stdout } = await hapi("send", ".", "say: while nobody looks");
  expect(stdout).toContain("this machine's runner sends it when the hub is back");
  const hub = spawn(HAPI, ["hub", "--no-runner", "--quiet"], { cwd: place.root, env: place.env, stdio: "ignore" });
  await until(async () => kept().length === 0, "the runner has sent it");
  expect(isAlive(runner)).toBe(true);
  hub.kill("SIGTERM");
  await new Promise((done) => hub.once("exit", done));
}, 360_000);
