/** A thread as the real Codex 0.171.0 told it: heard live, read afterwards, and both cut anywhere by a kill of the session process: one story, the same keys. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { createManualClock } from "@hapi/testkit";
import type { AgentEvent } from "@hapi/protocol";
import type { DriverContext, DriverEvent } from "../driver.ts";
import { fields, list, type Fields } from "../shared/read.ts";
import { catchUp } from "./catch-up.ts";
import { failureOf } from "./failures.ts";
import type { Heard, ServerLink } from "./link.ts";
import { settingsOf } from "./modes.ts";
import { HANDED_KEY } from "./prompts.ts";
import { decisionOn } from "./requests.ts";
import { newState, STATE_KEY, type CodexState } from "./state.ts";
import { Thread } from "./thread.ts";

const file = join(import.meta.dir, "../../../testkit/src/recorded/codex/thread-0.171.0.jsonl");
const lines = readFileSync(file, "utf8")
  .trim()
  .split("\n")
  .map((line) => fields(JSON.parse(line)));
const heard = lines.flatMap((line) => (line["heard"] === undefined ? [] : [line["heard"] as Heard]));
const start = fields(lines.find((line) => line["start"])?.["start"]);
const items = list(lines.find((line) => line["items"])?.["items"]).map(fields);
const turns = list(lines.find((line) => line["turns"])?.["turns"]).map(fields);
const prompts = Array.from({ length: 12 }, (_, at) => `p${at + 1}`);

function createLife(events: DriverEvent[], store = new Map<string, unknown>([[HANDED_KEY, prompts]])) {
  const clock = createManualClock(1_000);
  const context = {
    clock,
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined },
    memory: {
      get: (key: string) => structuredClone(store.get(key)),
      async commit(values: Record<string, unknown>) {
        for (const [key, value] of Object.entries(values)) store.set(key, structuredClone(value));
      },
    },
    emit(event: DriverEvent) {
      events.push(structuredClone(event));
      if (event.type === "record" && event.checkpoint) for (const [key, value] of Object.entries(event.checkpoint)) store.set(key, value);
    },
  } as unknown as DriverContext;
  const state =
    (store.get(STATE_KEY) as CodexState | undefined) ?? newState("launch", String(fields(start["thread"])["id"]), settingsOf(start, null));
  const unknown: string[] = [];
  const thread = new Thread({ context, state: structuredClone(state), unknown: (place, word) => void unknown.push(`${place}/${word}`) });
  return { thread, store, unknown, clock };
}

/** The server's record, as far as the first `until` turns are over. */
const server = (): ServerLink => ({
  async request(method, params) {
    const { turnId } = fields(params);
    if (method === "thread/turns/list") return { data: turns, nextCursor: null };
    return { data: items.filter((entry) => entry["turnId"] === turnId), nextCursor: null };
  },
  notify: () => undefined,
  reply: () => undefined,
  refuse: () => undefined,
  close: () => undefined,
});

const recordsOf = (events: readonly DriverEvent[]): Map<string, AgentEvent> => {
  const byKey = new Map<string, AgentEvent>();
  for (const event of events) if (event.type === "record" && !byKey.has(event.key)) byKey.set(event.key, event.event);
  return byKey;
};

/** What only somebody who listened can know: lists, counts, and the tries of a request. */
const isLasting = (event: AgentEvent) => !["plan", "usage", "retrying", "notice"].includes(event.type);
const story = (events: readonly DriverEvent[]) =>
  [...recordsOf(events)].filter(([, event]) => isLasting(event)).map(([key, event]) => `${key} ${event.type}`);

function live(): DriverEvent[] {
  const events: DriverEvent[] = [];
  const { thread } = createLife(events);
  for (const message of heard) thread.events.heard(message, 0);
  return events;
}

test("a thread heard live: words, tools with their ends, questions, to-dos, failures with their kind", () => {
  const records = [...recordsOf(live()).values()];
  const ends = records.filter((event) => event.type === "turn-ended");
  expect(ends.map(({ outcome, failure }) => `${outcome} ${failure?.code ?? ""}`.trim())).toEqual([
    "completed",
    "completed",
    "completed",
    "completed",
    "completed",
    "completed",
    "interrupted",
    "failed overloaded",
    "completed",
    "failed overloaded",
    "failed rate_limit",
    "failed invalid_request",
  ]);
  expect(ends.at(-1)?.failure).toMatchObject({ message: "bad thing", retryable: false });
  const calls = records.filter((event) => event.type === "tool-call");
  const results = records.filter((event) => event.type === "tool-result");
  expect(results.map(({ callId }) => callId).sort()).toEqual(calls.map(({ id }) => id).sort());
  expect(results.map(({ status }) => status)).toEqual(["completed", "completed", "completed", "denied", "cancelled"]);
  expect(calls[0]).toMatchObject({ kind: "execute", title: "echo hi" });
  expect(results.find(({ content }) => content?.some((part) => part.type === "diff" && part.oldText !== null))?.content).toMatchObject([
    { type: "diff", path: "/home/me/project/a.txt", oldText: "one\ntwo", newText: "three\ntwo", oldStart: 1, newStart: 1 },
  ]);
  expect(records.find((event) => event.type === "plan")?.entries.map(({ status }) => status)).toEqual([
    "completed",
    "in_progress",
    "pending",
  ]);
  expect(records.filter((event) => event.type === "user-message")).toHaveLength(11);
});

test("the retry of a failed turn has no words of a person, and is the end of the prompt that failed", () => {
  const events: DriverEvent[] = [];
  const { thread } = createLife(events);
  const retried = String(turns.toReversed()[8]?.["id"]);
  thread.retries.add(retried);
  for (const message of heard) thread.events.heard(message, 0);
  expect(recordsOf(events).get(`${retried}:end`)).toMatchObject({ outcome: "completed", localIds: ["p8"] });
});

test("requests are closed as the item shows, each for certain once", () => {
  const closed = live().flatMap((event) => (event.type === "request-closed" && event.certain !== false ? [event.outcome] : []));
  expect(closed).toEqual(["approved", "approved", "denied", "resolved", "canceled"]);
});

test("live text fits together with what it becomes", () => {
  const events = live();
  const shown = new Map<string, string>();
  for (const event of events)
    if (event.type === "stream")
      shown.set(event.delta.itemId, (shown.get(event.delta.itemId) ?? "").slice(0, event.delta.offset) + event.delta.delta);
  const said = [...recordsOf(events).values()].filter((event) => event.type === "agent-message" || event.type === "thought");
  expect(said.length).toBeGreaterThan(5);
  for (const { id, text } of said) expect(shown.get(id)).toBe(text);
});

test("read afterwards from the thread, it is the same story with the same keys", async () => {
  const events: DriverEvent[] = [];
  const { thread } = createLife(events);
  await catchUp({ thread, link: server(), isActive: false, room: () => Promise.resolve() });
  // A call that was cut off has no item in the thread.
  const cut =
    story(live())
      .filter((line) => line.endsWith("tool-call"))
      .at(-1)
      ?.split(":")[0] ?? "";
  expect(story(events)).toEqual(story(live()).filter((line) => !line.startsWith(cut)));
});

test("a kill of the session process anywhere: what its successor reads completes the story, and nothing is told otherwise", async () => {
  const whole = story(live()).toSorted();
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: heard.length }), async (at) => {
      const events: DriverEvent[] = [];
      const first = createLife(events);
      for (const message of heard.slice(0, at)) first.thread.events.heard(message, 0);
      const { thread } = createLife(events, first.store);
      await catchUp({ thread, link: server(), isActive: false, room: () => Promise.resolve() });
      const told = story(events);
      expect(whole).toEqual(expect.arrayContaining(told));
      // All of it but a call that nobody heard of.
      expect(whole.length - told.length).toBeLessThanOrEqual(2);
    }),
    { numRuns: 60 },
  );
});

test("a word that nobody decided about is counted and shown as it came", () => {
  const events: DriverEvent[] = [];
  const { thread, unknown } = createLife(events);
  const threadId = thread.state.threadId;
  thread.events.heard({ method: "thread/levitated", params: { threadId, height: 3 } }, 0);
  thread.events.heard({ method: "item/completed", params: { threadId, turnId: "t", item: { type: "hologram", id: "h1", size: 2 } } }, 0);
  thread.events.heard({ id: 7, method: "item/hologram/requestApproval", params: { threadId } }, 0);
  thread.events.garbage("<html>");
  expect(unknown).toEqual(["notification/thread/levitated", "item/hologram", "request/item/hologram/requestApproval", "garbage/message"]);
  const raw = [...recordsOf(events).values()].filter((event) => event.type === "unknown");
  expect(raw.map((event) => fields(event.raw)["method"] ?? fields(event.raw)["type"])).toEqual([
    "thread/levitated",
    "hologram",
    "item/hologram/requestApproval",
  ]);
});

test("a refusal never grants anything, whatever was asked", () => {
  const params: Fields = {
    permissions: { network: { enabled: true }, fileSystem: null },
    questions: [{ id: "q", question: "Which?" }],
    mode: "form",
    requestedSchema: {},
  };
  for (const method of [
    "item/commandExecution/requestApproval",
    "item/fileChange/requestApproval",
    "item/permissions/requestApproval",
    "item/tool/requestUserInput",
    "mcpServer/elicitation/request",
  ]) {
    const open = {
      request: { id: "r", kind: "permission", tool: "t", input: {} },
      rpcId: 1,
      method,
      itemId: null,
      params,
      answered: null,
    } as const;
    for (const interrupt of [false, true]) {
      const said = JSON.stringify(decisionOn(open, { behavior: "deny", interrupt }).reply);
      expect(said).not.toContain("accept");
      expect(said).not.toContain("enabled");
    }
  }
});

test("an edited approval runs nothing, for Codex would run the call as it was", () => {
  const input = { command: "ls" };
  const method = "item/commandExecution/requestApproval";
  const request = { id: "r", kind: "permission", tool: "exec_command", input } as const;
  const open = { request, rpcId: 1, method, itemId: null, params: {}, answered: null } as const;
  expect(decisionOn(open, { behavior: "allow", updatedInput: { command: "ls -a" } })).toEqual({
    answered: "denied",
    reply: { decision: "decline" },
    reason: "This agent can't take an edited input, so nothing was allowed",
  });
  expect(decisionOn(open, { behavior: "allow", updatedInput: { ...input } })).toEqual({
    answered: "approved",
    reply: { decision: "accept" },
  });
});

test("a thread in an error that no turn tells is the failed end of its turn, after a while", async () => {
  const events: DriverEvent[] = [];
  const { thread, clock } = createLife(events);
  const { threadId } = thread.state;
  thread.events.heard({ method: "turn/started", params: { threadId, turn: { id: "t1" } } }, 0);
  thread.events.heard({ method: "thread/status/changed", params: { threadId, status: { type: "systemError" } } }, 0);
  expect(recordsOf(events).has("t1:end")).toBe(false);
  await clock.advance(5_000);
  const failure = { code: "server_error", message: "Codex thread entered systemError", retryable: true };
  expect(recordsOf(events).get("t1:end")).toMatchObject({ outcome: "failed", failure });
});

test("an error of the thread that its turn tells is told once, in the turn's words", async () => {
  const events: DriverEvent[] = [];
  const { thread, clock } = createLife(events);
  const { threadId } = thread.state;
  thread.events.heard({ method: "turn/started", params: { threadId, turn: { id: "t1" } } }, 0);
  thread.events.heard({ method: "thread/status/changed", params: { threadId, status: { type: "systemError" } } }, 0);
  const error = { message: "Selected model is at capacity", codexErrorInfo: "serverOverloaded" };
  thread.events.heard({ method: "turn/completed", params: { threadId, turn: { id: "t1", status: "failed", error } } }, 0);
  await clock.advance(5_000);
  expect(
    events.flatMap((event) => (event.type === "record" && event.event.type === "turn-ended" ? [event.event.failure?.code] : [])),
  ).toEqual(["overloaded"]);
});

test("what the account may use is used up: another kind of failure than too much in a moment", () => {
  const codeOf = (codexErrorInfo: unknown) => failureOf({ message: "You've hit your usage limit.", codexErrorInfo }).code;
  expect(codeOf("usageLimitExceeded")).toBe("usage_limit");
  expect(codeOf("rateLimitExceeded")).toBe("rate_limit");
  expect(codeOf({ responseTooManyFailedAttempts: { httpStatusCode: 429 } })).toBe("rate_limit");
});
