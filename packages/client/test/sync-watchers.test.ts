import { expect, test } from "bun:test";
import fc from "fast-check";
import { createSyncWatchers } from "../src/sync-watchers.ts";

test("the longest unseen go first, only where more than eight are warm, and never one that somebody looks at", () => {
  const step = fc.record({ id: fc.constantFrom(..."abcdefghijkl"), leave: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const watchers = createSyncWatchers(() => undefined);
      const leaves = new Map<string, (() => void)[]>();
      /** Longest unseen first. */
      let warm: string[] = [];
      for (const { id, leave } of steps) {
        const open = leaves.get(id) ?? [];
        if (leave) open.pop()?.();
        else {
          open.push(watchers.watch(id));
          warm = [...warm.filter((other) => other !== id), id];
        }
        leaves.set(id, open);
        const cold = watchers.cooled();
        const unwatched = warm.filter((other) => (leaves.get(other) ?? []).length === 0);
        expect(cold).toEqual(unwatched.slice(0, Math.max(0, warm.length - 8)));
        warm = warm.filter((other) => !cold.includes(other));
      }
    }),
  );
});

test("who left twice left once, and it is told once", () => {
  let left = 0;
  const watchers = createSyncWatchers(() => (left += 1));
  const leave = watchers.watch("a");
  watchers.watch("a");
  leave();
  leave();
  expect(left).toBe(1);
  for (const id of "bcdefghi") watchers.watch(id)();
  // "a" is still looked at by the other
  expect(watchers.cooled()).toEqual(["b"]);
});
