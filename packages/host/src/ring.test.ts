import { expect, test } from "bun:test";
import fc from "fast-check";
import { ByteRing } from "./ring.ts";

const steps = fc.array(
  fc.oneof(
    fc.record({ append: fc.integer({ min: 0, max: 150_000 }) }),
    fc.record({ release: fc.double({ min: 0, max: 1.2, noNaN: true }) }),
  ),
  { maxLength: 25 },
);

/** Byte at an absolute offset, so that a shifted ring shows. */
const byteAt = (offset: number) => (offset * 31 + (offset >> 8)) & 0xff;
const bytesFrom = (from: number, count: number) => Uint8Array.from({ length: count }, (_, index) => byteAt(from + index));

for (const mode of ["forget", "wait"] as const) {
  test(`a ${mode} ring holds the right bytes at the right offsets`, () => {
    fc.assert(
      fc.property(steps, (script) => {
        const ring = new ByteRing(mode, 200_000);
        let start = 0;
        let end = 0;
        for (const step of script) {
          if ("append" in step) {
            ring.append(bytesFrom(end, step.append));
            end += step.append;
            if (mode === "forget") start = Math.max(start, end - 200_000);
          } else {
            const offset = Math.floor(start + (end - start) * step.release);
            ring.release(offset);
            start = Math.max(start, Math.min(offset, end));
          }
          expect([ring.start, ring.end, ring.isFull]).toEqual([start, end, end - start >= 200_000]);
          expect(Buffer.from(ring.copyFrom(0)).equals(bytesFrom(start, end - start))).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });
}

test("views stop at the end and never reach behind the start", () => {
  const ring = new ByteRing("forget", 1 << 16);
  expect(ring.view(0, 10)).toHaveLength(0);
  ring.append(bytesFrom(0, 100_000));
  expect(ring.start).toBe(100_000 - (1 << 16));
  expect(ring.view(0, 10)).toHaveLength(0);
  expect(ring.view(99_995, 10)).toEqual(bytesFrom(99_995, 5));
});
