import { expect, test } from "bun:test";
import fc from "fast-check";
import { createEnteredLines, type EnteredLine } from "./entered-lines.ts";

test("Claude reads its keys in order: what shows one line shows those before it", () => {
  const lines = createEnteredLines();
  for (const [at, text] of [[1, "one"] as const, [2, "two"] as const, [3, "three"] as const]) lines.enter({ at, text });
  lines.proof({ at: 0, text: "two" }, 10);
  expect(lines.unproven()).toEqual([{ at: 3, text: "three" }]);
  expect(lines.proven).toBe(0);
  lines.proof({ at: 0, text: "three" }, 11);
  expect(lines.proven).toBe(1);
});

test("known words are shown by these words alone; a command and unknown words by anything later", () => {
  for (const text of ["/compact", "!ls", null]) {
    const lines = createEnteredLines();
    lines.enter({ at: 5, text });
    lines.proof({ at: 4 }, 10);
    expect(lines.unproven()).toHaveLength(1);
    lines.proof({ at: 5 }, 11);
    expect(lines.unproven()).toEqual([]);
  }
});

test("a line behind which something else was shown is not told as unsent: nobody knows what became of it", () => {
  const lines = createEnteredLines();
  lines.enter({ at: 5, text: "one" });
  lines.proof({ at: 6, text: "other" }, 10);
  expect(lines.unproven()).toEqual([]);
  expect(lines.proven).toBe(0);
});

test("what shows a line may be quicker than the keyboard", () => {
  const lines = createEnteredLines();
  lines.proof({ at: 0, text: "on e" }, 7);
  lines.enter({ at: 6, text: "one" });
  expect(lines.unproven()).toEqual([]);
  // The same words before that are another line.
  lines.enter({ at: 8, text: "one" });
  expect(lines.unproven()).toHaveLength(1);
});

test("a line that is unproven was entered, and stands in the order in which it was", () => {
  const texts = fc.constantFrom("a", "b", "/c", null);
  const step = fc.oneof(fc.record({ enter: texts }), fc.record({ shown: fc.option(fc.constantFrom("a", "b"), { nil: undefined }) }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const lines = createEnteredLines();
      const entered: EnteredLine[] = [];
      steps.forEach((one, at) => {
        if ("enter" in one) {
          entered.push({ at, text: one.enter });
          lines.enter({ at, text: one.enter });
        } else lines.proof({ at, text: one.shown }, at);
        expect(entered.filter((line) => lines.unproven().some((open) => open.at === line.at))).toEqual([...lines.unproven()]);
      });
    }),
  );
});
