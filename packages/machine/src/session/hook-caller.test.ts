import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CallerCheck, createCallerCheck, createToolsCheck, type LookAt, type ProcessSight } from "./hook-caller.ts";
import { HOOK_CALLERS_FILE, openCallerVerdicts } from "./hook-verdicts.ts";

const command = ["/opt/my hapi/bun", "main.ts", "hook", "/run/h.sock", "/run/host.sock"];
const words = "'/opt/my hapi/bun' main.ts hook /run/h.sock /run/host.sock";
const AGENT = 10;

const folders: string[] = [];
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true, force: true })));
function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "hapi-hooks-"));
  folders.push(path);
  return path;
}
const log = { info: () => undefined, warn: () => undefined, error: () => undefined, debug: () => undefined };

interface Life {
  look: LookAt;
  dir?: string;
  isFirstProcess?: boolean;
  startTime?: (pid: number) => string | null;
}
/** A session process; another one in the same folder comes after it. */
function process({ look, dir = folder(), isFirstProcess = true, startTime = (pid) => `began-${pid}` }: Life): CallerCheck {
  return createCallerCheck({ command, look, verdicts: openCallerVerdicts({ dir, running: [AGENT], isFirstProcess, log, startTime }) });
}

function world(more: Record<number, ProcessSight>): LookAt {
  const known: Record<number, ProcessSight> = {
    2: { parent: 1, argv: ["host"] },
    [AGENT]: { parent: 2, argv: ["/bin/agent", "--flag"] },
    20: { parent: AGENT, argv: ["/bin/sh", "-c", words] },
    21: { parent: 20, argv: ["bun", "hook"] },
    22: { parent: AGENT, argv: ["bun", "hook"] },
    30: { parent: AGENT, argv: ["/bin/bash", "-c", "source snapshot && eval 'make test'"] },
    31: { parent: 30, argv: ["make", "test"] },
    32: { parent: 31, argv: ["/bin/sh", "-c", words] },
    33: { parent: 32, argv: ["bun", "hook"] },
    40: { parent: 1, argv: ["bun", "hook"] },
    41: { parent: 2, argv: ["bun", "hook"] },
    ...more,
  };
  return (pid) => known[pid] ?? null;
}

test("a hook that the agent starts is heard; what its tools start, or left behind, is not", () => {
  const check = process({ look: world({}) });
  const heard = (caller: number): boolean => check.isAgents(caller, [AGENT]);
  expect([heard(21), heard(22)]).toEqual([true, true]);
  // A tool's child, a tool's own `sh -c <hook>`, a daemon, a child of the host, one that is gone.
  expect([heard(31), heard(33), heard(40), heard(41), heard(99)]).toEqual([false, false, false, false, false]);
});

test("a leftover that calls before the next agent's first hook is refused, and changes nothing for that one", () => {
  const check = process({ look: world({}) });
  expect(check.isAgents(40, [AGENT])).toBe(false);
  expect([check.isAgents(21, [AGENT]), check.isAgents(33, [AGENT])]).toEqual([true, false]);
});

test("an agent behind a script is heard, its tools are not", () => {
  const look = world({
    [AGENT]: { parent: 2, argv: ["/bin/sh", "/usr/local/bin/agent"] },
    11: { parent: AGENT, argv: ["agent-bin"] },
    20: { parent: 11, argv: ["/bin/sh", "-c", words] },
    30: { parent: 11, argv: ["/bin/bash", "-c", "x"] },
  });
  const check = process({ look });
  expect([check.isAgents(21, [AGENT]), check.isAgents(33, [AGENT]), check.isAgents(31, [AGENT])]).toEqual([true, false, false]);
});

test("where even the first hook looks otherwise, callers can't be told apart: nothing of that agent is refused", () => {
  const check = process({ look: world({ 20: { parent: AGENT, argv: ["/bin/fish", "-c", words] } }) });
  expect([check.isAgents(21, [AGENT]), check.isAgents(31, [AGENT])]).toEqual([true, true]);
  expect(check.isAgents(40, [AGENT])).toBe(false);
});

test("a tool's child that calls first after a restart of the session process switches nothing off", () => {
  const dir = folder();
  expect(process({ look: world({}), dir }).isAgents(21, [AGENT])).toBe(true);
  const after = process({ look: world({}), dir, isFirstProcess: false });
  expect([after.isAgents(31, [AGENT]), after.isAgents(33, [AGENT]), after.isAgents(21, [AGENT])]).toEqual([false, false, true]);
});

test("behind a script it is still the same process that starts hooks, and a tool's child that calls first does not take its place", () => {
  const look = world({
    [AGENT]: { parent: 2, argv: ["/bin/sh", "/usr/local/bin/agent"] },
    11: { parent: AGENT, argv: ["agent-bin"] },
    20: { parent: 11, argv: ["/bin/sh", "-c", words] },
    30: { parent: 11, argv: ["/bin/bash", "-c", "x"] },
    32: { parent: 31, argv: ["node", "x.js"] },
  });
  const dir = folder();
  expect(process({ look, dir }).isAgents(21, [AGENT])).toBe(true);
  const after = process({ look, dir, isFirstProcess: false });
  expect([after.isAgents(33, [AGENT]), after.isAgents(21, [AGENT])]).toEqual([false, true]);
});

test("a system whose hooks can't be told apart stays one after a restart; for the next agent it is found out anew", () => {
  const look = world({ 20: { parent: AGENT, argv: ["/bin/fish", "-c", words] } });
  const dir = folder();
  expect(process({ look, dir }).isAgents(21, [AGENT])).toBe(true);
  expect(process({ look, dir, isFirstProcess: false }).isAgents(21, [AGENT])).toBe(true);
  const another = process({ look: world({}), dir, isFirstProcess: false, startTime: () => "later, under the same pid" });
  expect([another.isAgents(21, [AGENT]), another.isAgents(31, [AGENT])]).toEqual([true, false]);
});

test("of an agent whose first hook an older version heard, or whose verdict can't be read, nothing is switched off", () => {
  for (const damage of [false, true]) {
    const dir = folder();
    if (damage) writeFileSync(join(dir, HOOK_CALLERS_FILE), "{");
    const taken = process({ look: world({}), dir, isFirstProcess: false });
    expect([taken.isAgents(31, [AGENT]), taken.isAgents(21, [AGENT])]).toEqual([false, true]);
  }
});

test("a verdict that the disk refuses does not hold: hooks of the agent's own are heard, and nothing is switched off", () => {
  const check = process({ look: world({}), dir: join(folder(), "gone") });
  expect([check.isAgents(31, [AGENT]), check.isAgents(21, [AGENT]), check.isAgents(31, [AGENT])]).toEqual([false, true, false]);
});

describe("HAPI's own tools", () => {
  const sockets = ["/run/h.sock", "/run/host.sock"];
  const server = ["bun", "main.ts", "mcp", ...sockets];
  const toolsOf = (look: LookAt, dir = folder()) => {
    const startTime = (pid: number): string => `began-${pid}`;
    const verdicts = openCallerVerdicts({ dir, file: "tool-callers.json", running: [AGENT], isFirstProcess: true, log, startTime });
    return createToolsCheck({ sockets, command: server, verdicts, agents: () => [AGENT], look });
  };

  test("the agent's own server of tools is heard; by its words, its parent, or both, nothing else is", () => {
    const heard = toolsOf(
      world({
        50: { parent: AGENT, argv: server },
        // A command that became what the agent's shell was; a tool's child that starts the same server; one with other sockets.
        51: { parent: AGENT, argv: ["node", "intruder.mjs"] },
        52: { parent: 31, argv: server },
        53: { parent: 51, argv: server },
        54: { parent: AGENT, argv: ["bun", "main.ts", "mcp", "/run/other.sock", "/run/host.sock"] },
      }),
    );
    expect([50, 51, 52, 53, 54, 40, 99].map(heard)).toEqual([true, false, false, false, false, false, false]);
  });

  test("below an agent that is a script, the process that started its first server starts them all, also for the next session process", () => {
    const look = world({
      [AGENT]: { parent: 2, argv: ["/usr/bin/node", "agent.js"] },
      60: { parent: AGENT, argv: ["/bin/agent-itself"] },
      61: { parent: 60, argv: server },
      62: { parent: 60, argv: server },
      70: { parent: 60, argv: ["node", "intruder.mjs"] },
      71: { parent: 70, argv: server },
    });
    const dir = folder();
    expect(toolsOf(look, dir)(61)).toBe(true);
    const next = toolsOf(look, dir);
    expect([next(71), next(62)]).toEqual([false, true]);
  });
});
