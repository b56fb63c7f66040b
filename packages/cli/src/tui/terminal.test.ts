import { expect, test } from "bun:test";
import { palette, table } from "./terminal.ts";
import { stateCell, whatCell } from "./session-words.ts";
import { sessionStatus, sessionSummary, statusWord } from "@hapi/core";
import { STATUS_CASES } from "@hapi/testkit";
import type { Session } from "@hapi/protocol";

const plain = palette({ NO_COLOR: "1" }, false);

test("columns stand below each other, whatever the width of their characters, and titles end in whole ones", () => {
  const rows = [
    ["工资", "👨‍👩‍👧‍👦🚀🚀🚀🚀🚀🚀🚀🚀"],
    ["abcdef", "x"],
  ];
  expect(table(rows, 20)).toBe("工资    👨‍👩‍👧‍👦🚀🚀🚀🚀…\nabcdef  x");
});

const session = (patch: Partial<Session>): Session => ({
  id: "s",
  namespace: "default",
  seq: 1,
  createdAt: 1,
  updatedAt: 1,
  active: true,
  activeAt: 1,
  metadata: { path: "/p", host: "h", lifecycleState: "running" },
  metadataVersion: 1,
  agentState: null,
  agentStateVersion: 1,
  thinking: false,
  thinkingAt: 0,
  seenAt: 9,
  ...patch,
});

test("a failed turn is no idle session, and a title steers no terminal", () => {
  const failed = sessionSummary(session({ lastTurn: { outcome: "failed", at: 5, localId: null, code: "auth" } }));
  expect(stateCell(failed, plain)).toBe("failed");
  const named = sessionSummary(session({ metadata: { path: "/p", host: "h", name: "red \x1b[31malert\nand more" } }));
  expect(whatCell(named, plain)).toBe("red alert and more  /p");
});

test.each(STATUS_CASES.map(({ what, session: make }) => ({ what, summary: sessionSummary(make(1_800_000_000_000)) })))(
  "$what: the list says the word that the web says",
  ({ what, summary }) => {
    const status = sessionStatus(summary);
    expect(status.what).toBe(what);
    expect(stateCell(summary, plain)).toBe(statusWord(status).toLowerCase());
  },
);
