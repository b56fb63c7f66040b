import { expect, test } from "bun:test";
import type { LossCount, SessionDiagnostics } from "@hapi/protocol";
import { en } from "../../../i18n/en/index.ts";
import { later } from "../../../i18n/en/later.ts";
import type { Translate } from "../../../i18n/index.ts";
import { diagnosticsOf } from "./diagnostics.model.ts";

const words: Record<string, unknown> = { ...en, ...later };
const t = ((key: string, values: Record<string, string> = {}) =>
  String(words[key]).replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? "")) as Translate;

const found: SessionDiagnostics = {
  sessionId: "s",
  flavor: "demo",
  source: "hub",
  threads: { hub: "one", record: "one", driver: "two" },
  lastStart: { at: 1, how: "resume", front: "remote", asked: "one", used: "two" },
  host: { machineId: "m", name: "laptop", pid: 42 },
  launch: { cwd: "/x", startedBy: "runner", startingMode: "remote", permissionMode: "default", model: null },
  lastFailure: null,
  autoRetry: false,
  retry: null,
};
const valueOf = (more: Partial<SessionDiagnostics>, key: string): string | undefined =>
  diagnosticsOf({ ...found, ...more }, t, String).find((row) => row.key === key)?.value;

test("every conversation that was found is named once, beside the one that is used", () => {
  expect(valueOf({}, "diagnostics.available")).toBe("one\ntwo");
  expect(valueOf({}, "diagnostics.used")).toBe("two");
  expect(valueOf({}, "diagnostics.how")).toBe("Continued, 1");
});

test("a mode or model in force is named where another one was chosen", () => {
  const agent = { front: "remote", running: true, busy: false, permissionMode: "plan", model: null } as const;
  expect(valueOf({ agent }, "diagnostics.inForce")).toBe("plan");
  expect(valueOf({ agent: { ...agent, permissionMode: "default" } }, "diagnostics.inForce")).toBeUndefined();
});

test("what is not known takes no row", () => {
  const keys = diagnosticsOf({ ...found, lastStart: null, threads: { hub: null } }, t, String).map((row) => row.key);
  expect(keys).toEqual(["diagnostics.host", "diagnostics.launch", "diagnostics.source"]);
});

test("which account, program and provider it works with, what is missing, and where its machine has something else", () => {
  const environment = {
    program: "/opt/claude",
    set: { HOME: "/home/me", CLAUDE_CONFIG_DIR: "/home/me/.claude-work" },
    withheld: ["ANTHROPIC_API_KEY"],
    missing: ["ANTHROPIC_API_KEY"],
    changed: ["AWS_SECRET_ACCESS_KEY"],
    differs: [
      { name: "CLAUDE_CONFIG_DIR", kept: "/home/me/.claude-work", here: null },
      { name: "HTTPS_PROXY", kept: null, here: "***" },
    ],
  };
  expect(valueOf({ environment }, "diagnostics.environment")).toBe(
    "/opt/claude\nCLAUDE_CONFIG_DIR=/home/me/.claude-work\nANTHROPIC_API_KEY=***",
  );
  expect(valueOf({ environment }, "diagnostics.missing")).toBe("ANTHROPIC_API_KEY");
  expect(valueOf({ environment }, "diagnostics.changed")).toBe("AWS_SECRET_ACCESS_KEY");
  expect(valueOf({ environment }, "diagnostics.differs")).toBe(
    "CLAUDE_CONFIG_DIR: /home/me/.claude-work is used; the machine has nothing\nHTTPS_PROXY: nothing is used; the machine has ***",
  );
  expect(valueOf({}, "diagnostics.environment")).toBeUndefined();
});

test("what the agent said that nobody has a word for is counted", () => {
  expect(valueOf({ unknownWords: { "line/brand-new": 3, "hook/x": 1 } }, "diagnostics.unknown")).toBe("line/brand-new × 3\nhook/x × 1");
  expect(valueOf({ unknownWords: {} }, "diagnostics.unknown")).toBeUndefined();
});

test("what may be missing from the history is counted, with the latest one's details", () => {
  const losses: LossCount[] = [
    { kind: "record_missing", count: 2, lastAt: 7, details: { path: "/gone", lines: 3 } },
    { kind: "of_tomorrow", count: 1, lastAt: 8, details: {} },
  ];
  expect(valueOf({ losses }, "diagnostics.losses")).toBe(
    "The agent's record was not found × 2 · 7 · path: /gone · lines: 3\nof_tomorrow × 1 · 8",
  );
  expect(valueOf({ losses: [] }, "diagnostics.losses")).toBeUndefined();
});

test("the last failure is the session's own, or else that of its last start", () => {
  expect(valueOf({ lastFailure: { code: "overloaded", message: "Busy", at: 7 } }, "diagnostics.failure")).toBe("Busy · 7 · overloaded");
  const lastStart = { ...found.lastStart!, failure: { code: "agent_exited", message: "Gone" } };
  expect(valueOf({ lastStart }, "diagnostics.failure")).toBe("Gone · 1 · agent_exited");
});
