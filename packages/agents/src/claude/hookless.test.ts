/** Whether a terminal's Claude sends hooks, over restarts of the session process. */
import { expect, test } from "bun:test";
import type { Core } from "./core.ts";
import { createHookless } from "./hookless.ts";
import type { LiveSession } from "./live-sessions.ts";
import { ownSystem } from "./system.ts";

const idle = { status: "idle", statusSince: 0 } as unknown as LiveSession;

function world() {
  const memory = new Map<string, unknown>();
  const told: string[] = [];
  const witness = { localTurns: 0 };
  let now = 0;
  const context = {
    env: { HOME: "/nowhere" },
    cwd: "/nowhere",
    system: ownSystem,
    clock: { now: () => now },
    log: { warn() {} },
    emit() {},
    memory: {
      get: (key: string) => memory.get(key),
      async commit(values: Record<string, unknown>) {
        for (const [key, value] of Object.entries(values)) memory.set(key, value);
      },
    },
  };
  const core = { context, witness, requests: { all: [] }, lost: (kind: string) => told.push(kind) } as unknown as Core;
  return {
    told,
    witness,
    open: () => createHookless(core, "l1"),
    /** It is looked at now, and half a minute later. */
    wait(hookless: ReturnType<typeof createHookless>) {
      hookless.look(idle);
      now += 31_000;
      hookless.look(idle);
      return hookless.isSo;
    },
  };
}

test("none in half a minute: it sends none, also after a restart; one that comes all the same proves the contrary for good", () => {
  const { open, wait, told } = world();
  expect(wait(open())).toBe(true);
  const again = open();
  again.adopted();
  expect([again.isSo, told]).toEqual([true, ["hooks_silent"]]);
  again.heard();
  expect(again.isSo).toBe(false);
  const third = open();
  third.adopted();
  expect([third.isSo, wait(third), told]).toEqual([false, false, ["hooks_silent"]]);
});

test("hooks that a session process before this one heard were heard", () => {
  const { open, wait, told, witness } = world();
  open().heard();
  const again = open();
  again.adopted();
  witness.localTurns = 1;
  expect([wait(again), told]).toEqual([false, []]);
});

test("a terminal that was taken over is judged once a turn has passed", () => {
  const { open, wait, told, witness } = world();
  const hookless = open();
  hookless.adopted();
  expect([wait(hookless), told]).toEqual([false, []]);
  witness.localTurns = 1;
  expect([wait(hookless), told]).toEqual([true, ["hooks_silent"]]);
});
