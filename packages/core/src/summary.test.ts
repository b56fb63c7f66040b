import { describe, expect, test } from "bun:test";
import { type Session, sessionSummarySchema } from "@hapi/protocol";
import fc from "fast-check";
import { compareSummaries, sessionSummary, summaryRequests } from "./summary.ts";

const session: Session = {
  id: "s",
  namespace: "default",
  seq: 1,
  createdAt: 1,
  updatedAt: 2,
  active: true,
  activeAt: 2,
  metadata: { path: "/p", host: "h", flavor: "claude", claudeSessionId: "thread", summary: { text: "T", updatedAt: 1 }, os: "linux" },
  metadataVersion: 3,
  agentState: {
    requests: {
      b: { tool: "AskUserQuestion", arguments: {}, createdAt: 2 },
      a: { tool: "Bash", arguments: {}, createdAt: 1 },
    },
  },
  agentStateVersion: 4,
  thinking: false,
  thinkingAt: 0,
  todos: [{ id: "1", content: "x", status: "completed", priority: "medium" }],
};

describe("session summary", () => {
  test("has every field of the contract and only the metadata a list shows", () => {
    const summary = sessionSummary(session, { futureScheduledMessageCount: 1, nextScheduledAt: 9 });
    expect(sessionSummarySchema.parse(summary)).toEqual(summary);
    expect(summary.metadata).toEqual({ path: "/p", flavor: "claude", summary: { text: "T" }, agentSessionId: "thread" });
    expect(summary).toMatchObject({ todoProgress: { completed: 1, total: 1 }, pendingRequestsCount: 2, nextScheduledAt: 9 });
    expect(summary.pendingRequests).toEqual([
      { id: "a", kind: "permission", tool: "Bash", since: 1 },
      { id: "b", kind: "input", tool: "AskUserQuestion", since: 2 },
    ]);
  });

  test("names five requests and counts all", () => {
    const requests = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`r${index}`, { tool: "Bash", arguments: {} }]));
    const summary = sessionSummary({ ...session, agentState: { requests } });
    expect(summary.pendingRequests).toHaveLength(5);
    expect(summary.pendingRequestsCount).toBe(9);
    const answered = { tool: "Bash", arguments: {}, sent: { decision: "approved", at: 3 } };
    expect(summaryRequests({ requests: { answered } }).pendingRequestsCount).toBe(0);
  });

  test("the order of the list is total", () => {
    const entry = fc.record({
      id: fc.string({ maxLength: 2 }),
      active: fc.boolean(),
      pinned: fc.boolean(),
      globalPinned: fc.boolean(),
      updatedAt: fc.nat(3),
      pendingRequestsCount: fc.nat(2),
    });
    fc.assert(
      fc.property(entry, entry, entry, (a, b, c) => {
        expect(Math.sign(compareSummaries(a, b)) + Math.sign(compareSummaries(b, a))).toBe(0);
        if (compareSummaries(a, b) <= 0 && compareSummaries(b, c) <= 0) expect(compareSummaries(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });
});

test("a dialog that only the terminal can answer waits for a person like any request", () => {
  const state = { dialog: { about: "permission prompt", since: 5 } };
  expect(summaryRequests(state)).toEqual({
    pendingRequestsCount: 1,
    pendingRequestKinds: ["input"],
    pendingRequests: [{ id: "terminal:dialog", kind: "input", tool: "permission prompt", since: 5 }],
  });
  expect(summaryRequests({ dialog: null }).pendingRequestsCount).toBe(0);
});
