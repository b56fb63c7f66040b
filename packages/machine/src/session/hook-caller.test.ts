import { expect, test } from "bun:test";
import { createCallerCheck, type LookAt, type ProcessSight } from "./hook-caller.ts";

const command = ["/opt/my hapi/bun", "main.ts", "hook", "/run/h.sock", "/run/host.sock"];
const words = "'/opt/my hapi/bun' main.ts hook /run/h.sock /run/host.sock";
const AGENT = 10;

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
  const check = createCallerCheck({ command, look: world({}) });
  const heard = (caller: number): boolean => check.isAgents(caller, [AGENT]);
  expect([heard(21), heard(22)]).toEqual([true, true]);
  // A tool's child, a tool's own `sh -c <hook>`, a daemon, a child of the host, one that is gone.
  expect([heard(31), heard(33), heard(40), heard(41), heard(99)]).toEqual([false, false, false, false, false]);
});

test("a leftover that calls before the next agent's first hook is refused, and changes nothing for that one", () => {
  const check = createCallerCheck({ command, look: world({}) });
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
  const check = createCallerCheck({ command, look });
  expect([check.isAgents(21, [AGENT]), check.isAgents(33, [AGENT]), check.isAgents(31, [AGENT])]).toEqual([true, false, false]);
});

test("where even the first hook looks otherwise, callers can't be told apart: nothing of that agent is refused", () => {
  const check = createCallerCheck({ command, look: world({ 20: { parent: AGENT, argv: ["/bin/fish", "-c", words] } }) });
  expect([check.isAgents(21, [AGENT]), check.isAgents(31, [AGENT])]).toEqual([true, true]);
  expect(check.isAgents(40, [AGENT])).toBe(false);
});
