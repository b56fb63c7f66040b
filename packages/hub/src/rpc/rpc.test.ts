/** The one caller: what it waits for, and what it takes for an answer. */
import { expect, test } from "bun:test";
import { AppError } from "@hapi/protocol";
import { rpcCalls, type RpcSpec } from "@hapi/protocol/rpc";
import { createManualClock } from "@hapi/testkit";
import { linkTraits } from "../peer/traits.ts";
import { RpcRefusal } from "./answer.ts";
import type { Link } from "./links.ts";
import { relayed } from "./relay.ts";
import { type CallOptions, Rpc } from "./rpc.ts";

type Scope = keyof typeof rpcCalls;
type Asked = { method: string; params: string; timeoutMs: number };
type Call = (params: unknown, options?: CallOptions) => Promise<unknown>;

function world(scope: Scope, answer: () => unknown = () => "{}") {
  const clock = createManualClock(0);
  const rpc = new Rpc(clock);
  const asked: Asked[] = [];
  const link: Link = {
    id: "l",
    namespace: "n",
    scope,
    scopeId: "x",
    spokenId: "x",
    traits: linkTraits([]),
    emit: () => undefined,
    async request(_event, payload, timeoutMs) {
      asked.push({ ...(payload as Omit<Asked, "timeoutMs">), timeoutMs });
      return answer();
    },
  };
  const register = (name: string): boolean => rpc.register(link, `x:${(rpcCalls[scope] as Record<string, RpcSpec>)[name]?.wire}`);
  const call =
    (name: string): Call =>
    (params, options) =>
      ((scope === "machine" ? rpc.machine({ id: "x", namespace: "n" }) : rpc.session("x")) as unknown as Record<string, Call>)[name]?.(
        params,
        options,
      ) ?? Promise.reject(new Error(name));
  return { clock, rpc, asked, register, call };
}

const spec = (scope: Scope, name: string): RpcSpec => (rpcCalls[scope] as Record<string, RpcSpec>)[name] as RpcSpec;
const all = (["session", "machine"] as const).flatMap((scope) => Object.keys(rpcCalls[scope]).map((name) => [scope, name] as const));

/** What is not 30 s for the answer, and not at once for the method. */
const waits: Record<string, { timeoutMs?: number; readyMs?: number }> = {
  "session permission": { readyMs: 1_500 },
  "session whole-request": { readyMs: 1_500 },
  "session abort": { readyMs: 1_000 },
  "session switch": { readyMs: 2_000 },
  "session set-session-config": { readyMs: 1_500 },
  "session killSession": { timeoutMs: 10_000 },
  "session fork-conversation": { timeoutMs: 120_000, readyMs: 2_000 },
  "session retry-turn": { readyMs: 2_000 },
  "session cancel-retry": { readyMs: 2_000 },
  "session diagnostics": { timeoutMs: 5_000, readyMs: 1_000 },
  "session uploadFile": { timeoutMs: 120_000, readyMs: 2_000 },
  "machine spawn-happy-session": { timeoutMs: 60_000, readyMs: 2_000 },
  "machine stop-session": { timeoutMs: 10_000 },
  "machine forget-session": { timeoutMs: 5_000 },
};
/** The catalogs of single agents ask their programs. */
const isCatalog = (wire: string): boolean => /^list\w+(Models\w*|Options|Variants)$/.test(wire);

test.each(all)(
  "%s %s: goes out under its name on the wire, waits as long as the table says, and no longer for the method",
  async (scope, name) => {
    const { wire, timeoutMs, readyMs } = spec(scope, name);
    const told = waits[`${scope} ${wire}`] ?? {};
    expect({ timeoutMs, readyMs }).toEqual({
      timeoutMs: told.timeoutMs ?? (isCatalog(wire) ? 120_000 : 30_000),
      readyMs: told.readyMs ?? 0,
    });

    const { clock, asked, register, call } = world(scope);
    const early = call(name)({}).catch((cause: unknown) => cause);
    await clock.advance(readyMs > 0 ? readyMs - 1 : 0);
    expect(clock.pendingTimers).toBe(readyMs > 0 ? 1 : 0);
    await clock.advance(1);
    expect(await early).toMatchObject({ code: "rpc_target_missing", message: `RPC handler not registered: x:${wire}` });

    const inTime = readyMs > 0 ? call(name)({ a: 1 }).catch(() => "what it answers is nothing here") : undefined;
    await clock.advance(Math.max(0, readyMs - 1));
    register(name);
    await inTime;
    await call(name)({ a: 1 }, { timeoutMs: 7 }).catch(() => "nor here");
    const request = { method: `x:${wire}`, params: '{"a":1}' };
    expect(asked).toEqual([...(readyMs > 0 ? [timeoutMs] : []), 7].map((ms) => ({ ...request, timeoutMs: ms })));
  },
);

async function answered(scope: Scope, name: string, answer: unknown): Promise<unknown> {
  const { register, call } = world(scope, () => (answer === undefined ? undefined : JSON.stringify(answer)));
  register(name);
  return call(name)({}).catch((cause: unknown) => cause);
}

/** What peers answer whose results nobody reads. */
const free = ["permission", "abort", "switch", "killSession", "handoffLocal", "retryTurn", "cancelRetry"];

test.each(free)("session %s: whatever a peer answers is a result, but a refusal", async (name) => {
  for (const answer of [
    undefined,
    null,
    true,
    7,
    "done",
    [],
    {},
    { success: true },
    { error: null },
    { error: { deep: 1 } },
    { status: 7 },
  ])
    expect(await answered("session", name, answer)).not.toBeInstanceOf(Error);
  for (const answer of [{ error: "no" }, { success: false, error: "no" }, { status: "applied", error: "no" }])
    expect(await answered("session", name, answer)).toMatchObject({ message: "no", code: spec("session", name).refusal });
});

test("of a result that peers are free in, only what is as it should be is read", async () => {
  const said = { status: "closed", outcome: 7, by: "terminal", completedAt: "late" };
  expect(await answered("session", "permission", said)).toEqual({
    status: "closed",
    outcome: undefined,
    by: "terminal",
    completedAt: undefined,
  });
  expect(await answered("session", "retryTurn", { status: "else" })).toEqual({ status: undefined });
});

const handedOn = all.filter(([scope, name]) => spec(scope, name).verdict === "success");

test.each(handedOn)("%s %s: any object is handed on as it came, with success or without; a refusal is one without", async (scope, name) => {
  for (const answer of [
    {},
    { models: [] },
    { success: true, stdout: null },
    { success: false, error: "no", code: 3 },
    { success: "yes", error: "no" },
  ])
    expect(await answered(scope, name, answer)).toEqual(answer);
  expect(await answered(scope, name, { error: "no" })).toBeInstanceOf(RpcRefusal);
});

const unreadable: [Scope, string, unknown[]][] = [
  ...handedOn.map(([scope, name]): [Scope, string, unknown[]] => [scope, name, [undefined, null, "text", 7, []]]),
  ["session", "setSessionConfig", [undefined, null, {}, { applied: null }, { applied: "all" }]],
  ["session", "forkConversation", [undefined, null, {}, { nativeSessionId: 7 }, { forkSession: true }]],
  ["session", "steerQueuedMessage", [undefined, null, {}, { steered: "yes" }]],
  ["session", "diagnostics", [undefined, null, {}, { sessionId: "x" }]],
  ["machine", "spawnHappySession", [undefined, null, {}, { type: "success" }, { type: "else" }, { type: "success", sessionId: 7 }]],
  ["machine", "agentAvailability", [undefined, null, {}, { agents: "claude" }, { agents: [null] }]],
];

test.each(unreadable)("%s %s: a result that nobody can read is rpc_result_invalid", async (scope, name, answers) => {
  for (const answer of answers) {
    const failure = await answered(scope, name, answer);
    expect(failure).toMatchObject({ code: "rpc_result_invalid", status: 502, message: "The answer could not be read" });
    expect(failure).not.toBeInstanceOf(RpcRefusal);
  }
});

test("an error beside a result is part of it; beside one that nobody can read it is what was said", async () => {
  expect(await answered("session", "steerQueuedMessage", { steered: false, error: "busy" })).toEqual({ steered: false, error: "busy" });
  expect(await answered("machine", "spawnHappySession", { type: "success", sessionId: "s", error: "odd" })).toMatchObject({
    sessionId: "s",
  });
  for (const [scope, name, answer] of [
    ["session", "steerQueuedMessage", { error: "no" }],
    ["session", "steerQueuedMessage", { steered: "yes", error: "no" }],
    ["machine", "spawnHappySession", { type: "else", error: "no" }],
  ] as const)
    expect(await answered(scope, name, answer)).toMatchObject({ message: "no", named: null });
  const failed = { type: "error", errorMessage: null, code: "agent_not_installed" };
  expect(await answered("machine", "spawnHappySession", failed)).toEqual({ ...failed, errorMessage: undefined });
});

test("a refusal keeps its words, and the code of whoever refused where that is one of ours and not his own fault", async () => {
  const codeOf = async (code: unknown) => ((await answered("session", "switch", { error: "no", code })) as RpcRefusal).code;
  expect(await Promise.all(["local_control", "internal", "nobody_knows_it", 7].map(codeOf))).toEqual([
    "local_control",
    "handoff_failed",
    "handoff_failed",
    "handoff_failed",
  ]);
  expect(await answered("session", "switch", { error: "no", code: "internal" })).toMatchObject({ named: null });
});

test("a line that breaks or is silent says so, as it is", async () => {
  for (const code of ["rpc_timeout", "agent_away"] as const) {
    const { register, call } = world("session", () => {
      throw new AppError(code);
    });
    register("abort");
    await expect(call("abort")({})).rejects.toMatchObject({ code });
  }
});

test("what is handed on says in the same words what went wrong on the way", async () => {
  const relay = async (answer: unknown): Promise<unknown> => {
    const { register, rpc } = world("session", () => JSON.stringify(answer));
    register("gitStatus");
    return relayed(rpc.session("x").gitStatus({}));
  };
  expect(await relay({ success: true, stdout: "x" })).toEqual({ success: true, stdout: "x" });
  expect(await relay({ error: "no", code: "not_found" })).toEqual({ success: false, error: "no" });
  expect(await relay("text")).toEqual({ success: false, error: "The answer could not be read", code: "rpc_result_invalid" });
  expect(await relayed(world("session").rpc.session("x").gitStatus({}))).toMatchObject({ success: false, code: "rpc_target_missing" });
});
