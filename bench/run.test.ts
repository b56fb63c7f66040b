import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type HubProgram, HubUnderTest } from "./lib/hub.ts";
import type { Phase } from "./phases/phase.ts";
import { type RunOptions, runPhases } from "./run.ts";

const scratch = mkdtempSync(join(tmpdir(), "hapi-bench-run-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const programOf = (label: string): HubProgram => ({
  label,
  version: "1",
  command: ["/nowhere/hapi"],
  hasKeyedAcks: false,
  hasListPages: false,
});
const programs = [programOf("peer"), programOf("ours")];

function phaseOf(name: string, run: Phase["run"], limitMs = 60_000): Phase {
  return { name, summary: name, limitMs: () => limitMs, run };
}

function optionsOf(changes: Partial<RunOptions> = {}): RunOptions {
  return {
    rounds: 3,
    quick: true,
    crashRuns: 1,
    random: () => 0.5,
    open: (program) => new HubUnderTest(program, scratch),
    restMs: 0,
    say: () => undefined,
    onProgress: () => undefined,
    ...changes,
  };
}

test("rounds alternate: A B, B A, A B; each phase is finished before the next one begins", async () => {
  const order: string[] = [];
  const noting = (name: string) =>
    phaseOf(name, async (hub) => {
      order.push(`${name} ${hub.label}`);
      return { [name]: order.length };
    });
  const { figures, violations } = await runPhases([noting("x"), noting("y")], programs, optionsOf());
  const once = ["peer", "ours", "ours", "peer", "peer", "ours"];
  expect(order).toEqual([...once.map((label) => `x ${label}`), ...once.map((label) => `y ${label}`)]);
  expect(figures).toEqual({ peer: { x: [1, 4, 5], y: [7, 10, 11] }, ours: { x: [2, 3, 6], y: [8, 9, 12] } });
  expect(violations).toEqual([]);
});

test("a phase that fails breaks a rule, and the others go on", async () => {
  const failing = phaseOf("bad", () => Promise.reject(new Error("no page")));
  const working = phaseOf("good", async () => ({ m: 1 }));
  const { violations, figures } = await runPhases([failing, working], programs, optionsOf({ rounds: 1 }));
  expect(violations).toEqual(["[bad, peer, round 1] the phase failed: no page", "[bad, ours, round 1] the phase failed: no page"]);
  expect(figures).toEqual({ peer: { m: [1] }, ours: { m: [1] } });
});

test("a phase that takes too long is given up, and can't start its hub again beside the next one", async () => {
  const { promise: later, resolve: goOn } = Promise.withResolvers<void>();
  let started: Promise<unknown> = Promise.resolve();
  const slow = phaseOf(
    "slow",
    async (hub) => {
      hub.newHome();
      started = later.then(() => hub.start());
      await started.catch(() => undefined);
      return { m: 1 };
    },
    10,
  );
  const { violations, figures } = await runPhases([slow], [programs[1]!], optionsOf({ rounds: 1 }));
  expect(violations).toEqual(["[slow, ours, round 1] the phase failed: slow, ours, round 1: not within 10 ms"]);
  expect(figures).toEqual({ ours: {} });
  goOn();
  await expect(started).rejects.toThrow("the phase is over");
  expect(readdirSync(scratch)).toEqual([]);
});

test("what a phase says of correctness is kept with its name", async () => {
  const telling = phaseOf("t", async (_, { violation, note, crashRuns }) => {
    violation("one lost");
    note(`${crashRuns} runs`);
    return {};
  });
  const { violations, notes } = await runPhases([telling], [programs[1]!], optionsOf({ rounds: 2, crashRuns: 3 }));
  expect(violations).toEqual(["[t, ours, round 1] one lost", "[t, ours, round 2] one lost"]);
  expect(notes).toEqual(["[t, ours, round 1] 2 runs", "[t, ours, round 2] 1 runs"]);
});
