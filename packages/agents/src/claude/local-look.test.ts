import { expect, test } from "bun:test";
import fc from "fast-check";
import { whatFollows } from "./local-look.ts";
import type { Verdict } from "./local-turn.ts";

const verdict = (more: Partial<Verdict> = {}): Verdict => ({
  working: more.because != null,
  because: null,
  recordOver: false,
  told: false,
  ...more,
});

test("a turn that the record leaves open is ended as what was said of it; silence is no success", () => {
  expect(whatFollows(verdict({ recordOver: true, told: true }), true)).toEqual({ ends: "completed", thinking: false });
  expect(whatFollows(verdict({ recordOver: true, told: false }), true)).toEqual({ ends: "interrupted", thinking: false });
});

test("a line that was entered holds a handoff up, and is no work yet", () => {
  expect(whatFollows(verdict({ because: "entered" }), false).thinking).toBe(false);
  expect(whatFollows(verdict({ because: "entered" }), true).thinking).toBe(true);
  for (const because of ["turn", "dialog", "queue", "prompt"] as const)
    expect(whatFollows(verdict({ because }), false).thinking).toBe(true);
});

test("an open turn is work until it is ended", () => {
  const verdicts = fc
    .record({
      because: fc.constantFrom<Verdict["because"]>(null, "turn", "dialog", "queue", "prompt", "entered"),
      over: fc.boolean(),
      told: fc.boolean(),
    })
    // The record can only be over where nothing goes on.
    .map(({ because, over, told }) => verdict({ because, recordOver: over && because === null, told }));
  fc.assert(
    fc.property(verdicts, fc.boolean(), (given, isOpen) => {
      const { ends, thinking } = whatFollows(given, isOpen);
      expect(thinking && ends !== null).toBe(false);
      if (isOpen) expect(thinking || ends !== null).toBe(true);
    }),
  );
});
