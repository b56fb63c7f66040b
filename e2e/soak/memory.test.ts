import { expect, test } from "bun:test";
import { seededRandom } from "@hapi/testkit";
import { judgeMemory, residentBytes, type Sample } from "./memory.ts";

const MB = 1 << 20;
const HALF_HOUR = 1_800_000;

/** Ten-second samples of half an hour: a start, a rise per hour, a collector's teeth and noise. */
function half(perHourMb: number, teethMb = 30, from = 80): Sample[] {
  const random = seededRandom(perHourMb + teethMb);
  return Array.from({ length: 181 }, (_, index) => {
    const tooth = ((index % 7) / 7) * teethMb;
    // Everything grows while it warms up.
    const warming = Math.min(1, index / 30) * 20;
    return { at: index * 10_000, bytes: (from + warming + tooth + random() * 2 + (perHourMb * index * 10_000) / 3_600_000) * MB };
  });
}
const judge = (samples: readonly Sample[]) => judgeMemory("a process", samples, { from: 0, to: HALF_HOUR });

test("warming up and a collector's teeth are no slope", () => {
  expect(judge(half(0))).toMatchObject({ isFlat: true });
  expect(Math.abs(judge(half(0)).riseMb)).toBeLessThan(3);
});

test("a leak of a megabyte a minute is seen through teeth thirty times as high", () => {
  const verdict = judge(half(60));
  expect(verdict.isFlat).toBe(false);
  expect(verdict.slopeMbPerHour).toBeGreaterThan(50);
  expect(verdict.slopeMbPerHour).toBeLessThan(70);
});

test("what shrinks is flat; what was hardly seen is not", () => {
  expect(judge(half(-40)).isFlat).toBe(true);
  expect(judge(half(0).slice(0, 5)).isFlat).toBe(false);
});

test("a short run has a wide bound, and one", () => {
  const minute = (rise: number): Sample[] =>
    Array.from({ length: 61 }, (_, index) => ({ at: index * 1_000, bytes: (60 + rise * index) * MB }));
  expect(judgeMemory("a", minute(0.3), { from: 0, to: 60_000 }).isFlat).toBe(true);
  expect(judgeMemory("a", minute(2), { from: 0, to: 60_000 }).isFlat).toBe(false);
});

test("memory of a living process is read; a gone one has none", async () => {
  expect(await residentBytes(process.pid)).toBeGreaterThan(10 * MB);
  expect(await residentBytes(2 ** 22 + 1)).toBeNull();
});
