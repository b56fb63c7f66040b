/** Every state by what makes it, and what outranks what. That all surfaces say the same is shown in `packages/web`, `packages/cli` and docs/status.md. */
import { describe, expect, test } from "bun:test";
import type { LastTurn, Session } from "@hapi/protocol";
import fc from "fast-check";
import { isUnseenFailure, rankOf, sessionStatus, type SessionStatus, type Sight, STATUSES } from "./status.ts";
import { statusWord } from "./status-words.ts";
import { sessionSummary } from "./summary.ts";
import { plainSession } from "./sync/session.case.ts";

const SEEN = 1_000;
type Patch = Omit<Partial<Session>, "metadata"> & { lifecycle?: string; since?: number; failureCode?: string; parked?: boolean };

function statusOf({ lifecycle = "running", since, failureCode, parked, ...patch }: Patch, sight: Sight = {}): SessionStatus {
  const metadata = {
    path: "/p",
    host: "h",
    lifecycleState: lifecycle,
    ...(since === undefined ? {} : { lifecycleStateSince: since }),
    ...(failureCode === undefined ? {} : { failureCode }),
    ...(parked === undefined ? {} : { parked }),
  };
  return sessionStatus(sessionSummary(plainSession({ updatedAt: 500, seenAt: SEEN, metadata, ...patch })), sight);
}

const turn = (outcome: LastTurn["outcome"], at = 800, more: Partial<LastTurn> = {}): { lastTurn: LastTurn } => ({
  lastTurn: { outcome, at, localId: null, ...more },
});
const NEWS = 2_000;
const asks = {
  agentState: { requests: { r: { tool: "Bash", arguments: {}, createdAt: 900 }, q: { tool: "Edit", arguments: {}, createdAt: 700 } } },
};
const retry = { localId: "p", attempt: 2, maxAttempts: 5, at: 9_000, failureCode: "overloaded" };
const away = { active: false } as const;

const table: [name: string, patch: Patch, expected: object][] = [
  ["an open request", { ...asks, thinking: true }, { what: "waiting", count: 2, since: 700, source: "agent", asOf: null }],
  ["an open request of a process that is away", { ...asks, ...away, activeAt: 950 }, { what: "waiting", asOf: 950 }],
  ["a request left behind by a session that ended", { ...asks, ...away, lifecycle: "completed" }, { what: "ended" }],
  ["a running turn", { thinking: true, activeTurnStartedAt: 900 }, { what: "working", since: 900, source: "session" }],
  ["a running turn after one that failed", { thinking: true, ...turn("failed") }, { what: "working" }],
  ["thinking, said by a process that is gone", { thinking: true, ...away, activeAt: 3 }, { what: "offline", since: 3, source: "hub" }],
  ["a session that starts", { lifecycle: "initializing", since: 5 }, { what: "starting", since: 5 }],
  ["a try that is planned", { agentState: { retry }, ...turn("failed") }, { what: "retrying", retry, since: 800 }],
  [
    "a try behind a usage limit",
    { agentState: { retry: { ...retry, failureCode: "usage_limit" } }, ...turn("failed") },
    { what: "limited", retry: { ...retry, failureCode: "usage_limit" }, since: 800 },
  ],
  [
    "a turn that failed and waiting won't help",
    turn("failed", 800, { code: "auth", retryable: false, message: "401" }),
    { what: "failed", code: "auth", message: "401", cure: true, since: 800 },
  ],
  [
    "a turn that failed and may succeed later",
    turn("failed", 800, { code: "overloaded", retryable: true }),
    { what: "failed", cure: false },
  ],
  ["a failed turn nobody has seen", turn("failed", NEWS), { what: "failed", unread: true }],
  ["nobody knows what became of the prompt", turn("unknown"), { what: "unknown", source: "agent" }],
  ["an interrupted turn", turn("interrupted", NEWS), { what: "interrupted", unread: true }],
  ["work in the background", { backgroundTaskCount: 2, ...turn("completed", NEWS) }, { what: "background", count: 2, unread: true }],
  ["work in the background after an interruption", { backgroundTaskCount: 1, ...turn("interrupted") }, { what: "background" }],
  ["work in the background after a failure", { backgroundTaskCount: 1, ...turn("failed") }, { what: "failed" }],
  ["a turn that ended since anybody looked", turn("completed", NEWS), { what: "done", since: NEWS, unread: true }],
  ["a change since anybody looked, where no end was told", { updatedAt: NEWS }, { what: "done", unread: true }],
  ["a rename since anybody looked", { updatedAt: NEWS, ...turn("completed") }, { what: "idle", unread: false }],
  ["a session without a word in it, never looked at", { updatedAt: NEWS, hasConversationContent: false }, { what: "idle", unread: false }],
  ["nothing new", turn("completed"), { what: "idle", since: 800 }],
  ["the terminal has control", { ...turn("completed"), lifecycle: "paused" }, { what: "idle" }],
  ["without an agent process", { parked: true, ...turn("completed") }, { what: "parked" }],
  ["silence", { ...away, activeAt: 40, ...turn("failed") }, { what: "offline", since: 40 }],
  ["silence after a failure nobody has seen", { ...away, ...turn("failed", NEWS) }, { what: "failed", unread: true }],
  ["ended", { ...away, lifecycle: "completed", since: 60 }, { what: "ended", since: 60 }],
  ["ended by a person in the middle of a turn", { ...away, lifecycle: "aborted", ...turn("interrupted", NEWS) }, { what: "ended" }],
  ["ended with news", { ...away, lifecycle: "completed", ...turn("completed", NEWS) }, { what: "done" }],
  ["ended after a failure nobody has seen", { ...away, lifecycle: "completed", ...turn("failed", NEWS) }, { what: "failed" }],
  ["ended after a failure somebody has seen", { ...away, lifecycle: "completed", ...turn("failed") }, { what: "ended" }],
  [
    "a start that failed",
    { ...away, lifecycle: "failed", failureCode: "agent_not_installed", since: 70 },
    { what: "failed", code: "agent_not_installed", cure: true, since: 70, source: "session" },
  ],
  ["put away, whatever it asks", { ...asks, ...away, lifecycle: "archived", since: 80 }, { what: "archived", since: 80, source: "person" }],
];

describe("what a session does", () => {
  test.each(table)("%s", (_name, patch, expected) => {
    expect(statusOf(patch)).toMatchObject(expected);
  });

  test("the table has every state", () => {
    expect(new Set(table.map(([, patch]) => statusOf(patch).what))).toEqual(new Set(STATUSES));
  });
});

describe("what only the one who looks knows", () => {
  test("a device that hears nothing of the hub says as of when, whatever the state", () => {
    for (const [, patch] of table) expect(statusOf(patch, { hubSilentSince: 77 }).asOf).toBe(77);
  });
  test("a device that never heard of it: as of the session's last sign of life", () => {
    expect(statusOf({ activeAt: 12 }, { hubSilentSince: null }).asOf).toBe(12);
  });
  test("silence of the whole machine is its machine's", () => {
    expect(statusOf(away, { machine: { active: false } })).toMatchObject({ what: "offline", source: "machine" });
    expect(statusOf(away, { machine: { active: true } })).toMatchObject({ what: "offline", source: "hub" });
  });
  test("a look on this device counts before the hub knows of it", () => {
    expect(statusOf(turn("completed", NEWS), { seenAt: NEWS }).what).toBe("idle");
    expect(statusOf(turn("completed"), { seenAt: 799 }).what).toBe("done");
  });
});

describe("the order of importance", () => {
  test("what needs a person, then what is new, then what goes on, then the quiet ones", () => {
    const order = ["waiting", "failed", "done", "working", "idle", "offline", "ended", "archived"] as const;
    const ranks = order.map((what) => rankOf({ what, unread: true }));
    expect(ranks.toSorted((a, b) => a - b)).toEqual(ranks);
  });
  test("a failure that was seen waits for nobody", () => {
    expect(rankOf({ what: "failed", unread: false })).toBe(rankOf({ what: "idle", unread: false }));
    expect(isUnseenFailure(statusOf(turn("failed")))).toBe(false);
    expect(isUnseenFailure(statusOf(turn("unknown", NEWS)))).toBe(true);
  });
});

test("words carry their number where it says more", () => {
  expect(statusWord(statusOf(asks))).toBe("Waiting (2)");
  expect(statusWord(statusOf({ agentState: { requests: { r: { tool: "Bash", arguments: {} } } } }))).toBe("Waiting");
  expect(statusWord(statusOf({ backgroundTaskCount: 1 }))).toBe("1 running in the background");
});

test("a turn that failed is never told as done, idle or ended while it is the last thing that happened and nobody has seen it", () => {
  const facts = fc.record({
    active: fc.boolean(),
    lifecycle: fc.constantFrom("running", "paused", "completed", "aborted", "initializing"),
    parked: fc.boolean(),
    updatedAt: fc.nat(3_000),
    backgroundTaskCount: fc.nat(2),
  });
  fc.assert(
    fc.property(facts, fc.constantFrom("failed" as const, "unknown" as const), (patch, outcome) => {
      const { what } = statusOf({ ...patch, ...turn(outcome, NEWS) });
      expect([outcome, "starting"]).toContain(what);
    }),
  );
});
