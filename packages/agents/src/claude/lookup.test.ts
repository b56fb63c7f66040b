import { expect, test } from "bun:test";
import fc from "fast-check";
import { decideLookup, type Known } from "./lookup.ts";

const nothing: Known = { recorded: false, isWritten: false, hasThread: true, transcript: undefined, hadPast: false };

test("the record is asked where there is one, and what it says counts", () => {
  expect(decideLookup({ ...nothing, transcript: "/t.jsonl" })).toEqual({ read: "/t.jsonl" });
  expect(decideLookup({ ...nothing, transcript: "/t.jsonl", hadPast: true })).toEqual({ read: "/t.jsonl" });
});

test("a line that the host gave to a living process will be taken up, also while the record does not have it", () => {
  expect(decideLookup({ ...nothing, isWritten: true, transcript: "/t.jsonl" })).toBe("present");
  expect(decideLookup({ ...nothing, isWritten: true, hadPast: true })).toBe("present");
});

test("a record that was there and is gone says nothing", () => {
  expect(decideLookup({ ...nothing, hadPast: true })).toBe("unknown");
  expect(decideLookup(nothing)).toBe("absent");
  expect(decideLookup({ ...nothing, hasThread: false })).toBe("absent");
});

test("absent, which lets a prompt be sent, is said of nothing that was seen and of no conversation that has a past", () => {
  const known = fc.record<Known>({
    recorded: fc.boolean(),
    isWritten: fc.boolean(),
    hasThread: fc.boolean(),
    transcript: fc.constantFrom(undefined, "/t.jsonl"),
    hadPast: fc.boolean(),
  });
  fc.assert(
    fc.property(known, (given) => {
      if (decideLookup(given) !== "absent") return;
      expect(given.recorded || given.isWritten).toBe(false);
      // A past belongs to a conversation.
      expect(given.hasThread && given.hadPast).toBe(false);
    }),
  );
});
