/** Prompts on this machine's disk: whole or not there, in order, once, for their own hub only; and two senders at once are one. */
import { afterEach, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HubApi } from "@hapi/client";
import { silentLogger } from "@hapi/platform";
import { AppError, type SendMessage } from "@hapi/protocol";
import { createManualClock } from "@hapi/testkit";
import {
  damagedPrompts,
  forgetKeptPrompt,
  type HubTarget,
  isFor,
  isSameHub,
  keepPrompt,
  namespaceOf,
  readKeptPrompts,
} from "./kept-prompts.ts";
import { hubSender, sendKept, withOutboxLock } from "./send-kept.ts";
import { watchOutbox } from "./watch-outbox.ts";

const homes: string[] = [];
afterEach(() => {
  for (const home of homes.splice(0)) rmSync(home, { recursive: true, force: true });
});

const own: HubTarget = { url: "http://127.0.0.1:3006", isOwn: true, namespace: "" };

function newHome(): string {
  const home = mkdtempSync(join(tmpdir(), "hapi-outbox-"));
  homes.push(home);
  return home;
}

function machine() {
  const home = newHome();
  let serial = 0;
  const keep = (text: string, facts: { sessionId?: string; hub?: string | null; namespace?: string; now?: number; steer?: boolean } = {}) =>
    keepPrompt(
      home,
      {
        sessionId: facts.sessionId ?? "s1",
        text,
        hub: facts.hub ?? null,
        namespace: facts.namespace ?? "",
        ...(facts.steer ? { deliveryMode: "steer" as const } : {}),
      },
      { now: facts.now ?? 1_000, localId: `id-${(serial += 1)}` },
    );
  return { home, keep };
}

/** Takes a prompt once per local id, and fails as told. */
function hub() {
  const taken: string[] = [];
  const failures: (AppError | "lost")[] = [];
  const seen = new Set<string>();
  return {
    taken,
    failures,
    send: async (sessionId: string, body: SendMessage) => {
      const failure = failures.shift();
      if (failure instanceof AppError) throw failure;
      const key = `${sessionId}:${body.localId}`;
      if (!seen.has(key)) taken.push(`${sessionId}:${body.text}`);
      seen.add(key);
      if (failure === "lost") throw new AppError("timeout");
    },
  };
}

test("a prompt is a private, checksummed file, written before anything else; the order is that of writing, whatever the clock does", () => {
  const { home, keep } = machine();
  keep("one", { now: 5_000 });
  keep("two", { now: 4_000 });
  const names = readdirSync(join(home, "outbox"));
  expect(names.length).toBe(2);
  expect(statSync(join(home, "outbox")).mode & 0o777).toBe(0o700);
  expect(names.map((name) => statSync(join(home, "outbox", name)).mode & 0o777)).toEqual([0o600, 0o600]);
  expect(readKeptPrompts(home).map((prompt) => prompt.text)).toEqual(["one", "two"]);
});

test("sent in order, kept through failures and lost answers, gone when the hub has it", async () => {
  const { home, keep } = machine();
  keep("one");
  keep("two");
  keep("other", { sessionId: "s2" });
  const server = hub();
  server.failures.push(new AppError("hub_unreachable"), "lost");
  const first = await sendKept({ home, target: own, send: server.send });
  expect(first.sent).toEqual([]);
  expect(first.waiting.map((prompt) => [prompt.text, prompt.error?.code])).toEqual([
    ["one", "hub_unreachable"],
    ["two", undefined],
    ["other", "timeout"],
  ]);
  expect(readKeptPrompts(home).length).toBe(3);
  const second = await sendKept({ home, target: own, send: server.send });
  expect(second.sent.map((prompt) => prompt.text).toSorted()).toEqual(["one", "other", "two"]);
  expect(server.taken.toSorted()).toEqual(["s1:one", "s1:two", "s2:other"]);
  expect(server.taken.indexOf("s1:one")).toBeLessThan(server.taken.indexOf("s1:two"));
  expect(readKeptPrompts(home)).toEqual([]);
});

test("what the hub refuses keeps its text and reason, and holds up nothing behind it", async () => {
  const { home, keep } = machine();
  keep("refused");
  keep("next");
  const server = hub();
  server.failures.push(new AppError("session_archived"));
  const { sent, rejected } = await sendKept({ home, target: own, send: server.send });
  expect([sent.map((prompt) => prompt.text), rejected.map((prompt) => prompt.text)]).toEqual([["next"], ["refused"]]);
  expect(readKeptPrompts(home)).toMatchObject([{ text: "refused", state: "rejected", error: { code: "session_archived" } }]);
  expect(await sendKept({ home, target: own, send: server.send })).toEqual({ sent: [], rejected: [], waiting: [] });
});

test("never to another hub or another namespace", async () => {
  const { home, keep } = machine();
  keep("own");
  keep("elsewhere", { hub: "https://hub.example.org" });
  keep("alice's", { namespace: "alice" });
  const server = hub();
  await sendKept({ home, target: own, send: server.send });
  expect(server.taken).toEqual(["s1:own"]);
  await sendKept({ home, target: { url: "https://hub.example.org", isOwn: false, namespace: "" }, send: server.send });
  await sendKept({ home, target: { ...own, namespace: namespaceOf("token:alice") }, send: server.send });
  expect(server.taken).toEqual(["s1:own", "s1:elsewhere", "s1:alice's"]);
  expect([isSameHub("http://localhost:3006", "http://127.0.0.1:3006/"), isSameHub("http://127.0.0.1:1", "http://127.0.0.1:2")]).toEqual([
    true,
    false,
  ]);
  const [prompt] = [{ ...keep("x"), hub: null }];
  expect(isFor(prompt, { ...own, isOwn: false })).toBe(false);
});

test("a damaged file is put aside and named, the others are sent", async () => {
  const { home, keep } = machine();
  keep("one");
  keep("two");
  const dir = join(home, "outbox");
  const [first = ""] = readdirSync(dir).toSorted();
  writeFileSync(join(dir, first), readFileSync(join(dir, first), "utf8").replace("one", "eno"));
  const server = hub();
  await sendKept({ home, target: own, send: server.send });
  expect(server.taken).toEqual(["s1:two"]);
  expect(damagedPrompts(home)).toEqual([join(dir, `${first}.damaged`)]);
});

test.skipIf(process.platform === "win32")("a damaged file that another process puts aside first is no failure", async () => {
  const { home, keep } = machine();
  keep("whole");
  const path = join(home, "outbox", `${"9".repeat(16)}-torn.prompt`);
  expect(Bun.spawnSync(["mkfifo", path]).exitCode).toBe(0);
  // Opened for reading here, it is moved there, and only then read to its end.
  const other = Bun.spawn(["sh", "-c", 'exec 3>"$1"; mv "$1" "$1.damaged"; printf torn >&3', "sh", path]);
  try {
    expect(readKeptPrompts(home).map(({ text }) => text)).toEqual(["whole"]);
    expect(await other.exited).toBe(0);
  } finally {
    other.kill();
  }
});

test("two that send at once: the second waits, finds nothing left, and says when it waited too long", async () => {
  const { home, keep } = machine();
  keep("one");
  const server = hub();
  const gate = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const first = sendKept({
    home,
    target: own,
    async send(sessionId, body) {
      begun.resolve();
      await gate.promise;
      await server.send(sessionId, body);
    },
  });
  await begun.promise;
  await expect(sendKept({ home, target: own, send: server.send })).rejects.toMatchObject({ code: "timeout" });
  const second = sendKept({ home, target: own, send: server.send, lockMs: 10_000 });
  gate.resolve();
  expect((await first).sent.length + (await second).sent.length).toBe(1);
  expect(server.taken).toEqual(["s1:one"]);
});

test("a prompt taken back under the lock is not sent", async () => {
  const { home, keep } = machine();
  const kept = keep("one");
  const server = hub();
  await withOutboxLock(home, async () => forgetKeptPrompt(home, kept));
  await sendKept({ home, target: own, send: server.send });
  expect(server.taken).toEqual([]);
  expect(existsSync(join(home, "outbox", "sending.lock"))).toBe(false);
});

test("giving up leaves the prompt where it is", async () => {
  const { home, keep } = machine();
  keep("one");
  const stop = new AbortController();
  const result = sendKept({
    home,
    target: own,
    send: (_session, _body, signal) => {
      queueMicrotask(() => stop.abort());
      return new Promise((_done, refuse) => signal.addEventListener("abort", () => refuse(signal.reason as Error)));
    },
    signal: stop.signal,
  });
  expect((await result).waiting.map((prompt) => prompt.text)).toEqual(["one"]);
  expect(readKeptPrompts(home)).toMatchObject([{ text: "one", state: "sending" }]);
});

test("steering happens when the hub has the prompt; where it can't, the prompt simply waits its turn", async () => {
  const { home, keep } = machine();
  keep("now", { steer: true });
  keep("then");
  const calls: string[] = [];
  const api = {
    messages: {
      send: async (_id: string, body: SendMessage) => void calls.push(`send ${body.text}`),
      steer: async (_id: string, localId: string) => {
        calls.push(`steer ${localId}`);
        throw new AppError("session_inactive");
      },
    },
  } as unknown as HubApi;
  const told: string[] = [];
  const { sent } = await sendKept({ home, target: own, send: hubSender(api, (localId, outcome) => told.push(`${localId}: ${outcome}`)) });
  expect(sent.length).toBe(2);
  expect(calls).toEqual(["send now", "steer id-1", "send then"]);
  expect(told).toEqual(["id-1: the session is not running"]);
});

test("the runner's watch asks nobody while the folder is empty, and sends when the hub is back", async () => {
  const { home, keep } = machine();
  const server = hub();
  const clock = createManualClock();
  const asked: string[] = [];
  const api = {
    messages: {
      send: async (id: string, body: SendMessage) => {
        asked.push(body.text);
        await server.send(id, body);
      },
    },
  } as unknown as HubApi;
  const watch = watchOutbox({ home, api: () => api, hub: () => own, clock, log: silentLogger });
  await clock.advance(60_000);
  expect(asked).toEqual([]);
  keep("one");
  server.failures.push(new AppError("hub_unreachable"), new AppError("hub_unreachable"));
  // Time is held, the disk is real: each step lets it finish what it is at.
  for (const deadline = Date.now() + 5_000; readKeptPrompts(home).length > 0 && Date.now() < deadline;) {
    await clock.advance(500);
    await new Promise((done) => setTimeout(done, 1));
  }
  await watch.close();
  expect(asked).toEqual(["one", "one", "one"]);
  expect(server.taken).toEqual(["s1:one"]);
  expect(readKeptPrompts(home)).toEqual([]);
});
