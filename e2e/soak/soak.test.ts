/** The soak of a minute: everything a long one does, in short. Its figures of memory say little; that it takes and judges them is tested. */
import { expect, test } from "bun:test";
import { runSoak } from "./run-soak.ts";

test("a minute under load, broken connections and kills: nothing lost, nothing twice, memory within bounds", async () => {
  const lines: string[] = [];
  const result = await runSoak({ minutes: 1, seed: 20261120, sessions: 3, readers: 4, say: (line) => lines.push(line) });
  expect(result.violations).toEqual([]);
  expect(result.prompts).toBeGreaterThan(20);
  expect(result.stages["done"]).toBeGreaterThan(10);
  expect(result.approvals).toBeGreaterThan(0);
  expect(result.reconnects).toBeGreaterThan(3);
  expect(Object.values(result.kills).reduce((sum, times) => sum + times, 0)).toBeGreaterThan(3);
  expect(result.memory.map(({ name }) => name)).toEqual(["hub", "runner", "session process 1", "host 1", "session process 2", "host 2"]);
}, 240_000);
