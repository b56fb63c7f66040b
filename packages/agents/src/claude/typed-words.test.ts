import { expect, test } from "bun:test";
import fc from "fast-check";
import type { TypedLine } from "@hapi/host";
import { createInputLine } from "./input-line.ts";
import { createTypedWords } from "./typed-words.ts";

const words = (text: string | null = "") => createTypedWords(createInputLine({ text, letters: true }));
const entered = (text: string | null, at: number): TypedLine => ({ line: "", hasWords: false, isCleared: false, entered: { at, text } });
const shown = { queue: [] as readonly string[], unproven: () => [] };

test("a line that was entered is told once, however often it is reported", () => {
  const typed = words();
  expect(typed.typed(entered("one", 1), "idle")).toEqual({ at: 1, text: "one" });
  expect(typed.typed(entered("one", 1), "idle")).toBeNull();
  expect(typed.typed(entered("one", 2), "idle")).toEqual({ at: 2, text: "one" });
});

test("a line that Claude has not shown is unsent for a while; later it went to some menu", () => {
  const typed = words();
  typed.typed(entered("one", 1_000), "idle");
  const turn = { queue: [], unproven: () => [{ at: 1_000, text: "one" }] };
  expect(typed.unsent(turn, 2_000)).toMatchObject({ queued: [], entered: "one", unprovenAt: [1_000] });
  expect(typed.unsent(turn, 17_000)).toMatchObject({ queued: [], entered: undefined, unprovenAt: [] });
});

test("what was popped out of the queue to end the process is unsent all the same, what was taken up is not", () => {
  const typed = words();
  typed.keep(["one", "two"]);
  typed.queueChanged({ from: ["one", "two"], to: ["two"], taken: true });
  typed.queueChanged({ from: ["two"], to: [], taken: false });
  expect(typed.unsent(shown, 0).queued).toEqual(["two"]);
});

test("before the process is being ended the queue is as Claude has it", () => {
  const typed = words();
  typed.queueChanged({ from: [], to: ["one"], taken: false });
  expect(typed.unsent({ ...shown, queue: ["two"] }, 0)).toMatchObject({ queued: ["two"], waiting: 1 });
});

test("no words are lost and none told twice: what waited and what came stays, less what was taken up", () => {
  const word = fc.constantFrom("a", "b", "c");
  const step = fc.oneof(fc.record({ add: word }), fc.constant("take" as const), fc.constant("pop" as const));
  fc.assert(
    fc.property(fc.array(word), fc.array(step), (begin, steps) => {
      const typed = words();
      typed.keep(begin);
      const expected: string[] = [...begin];
      let queue: readonly string[] = begin;
      const change = (to: readonly string[], taken: boolean): void => {
        typed.queueChanged({ from: queue, to, taken });
        queue = to;
      };
      for (const one of steps) {
        if (one === "pop") change([], false);
        else if (one === "take") {
          const [first] = queue;
          if (first !== undefined) expected.splice(expected.indexOf(first), 1);
          change(queue.slice(1), true);
        } else {
          expected.push(one.add);
          change([...queue, one.add], false);
        }
      }
      expect(typed.unsent(shown, 0).queued.toSorted()).toEqual(expected.toSorted());
    }),
  );
});
