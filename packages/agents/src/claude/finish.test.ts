import { expect, test } from "bun:test";
import fc from "fast-check";
import { endOfLaunch, type LeftOpen } from "./finish.ts";

const nothing: LeftOpen = { launchId: "l", turn: null, unrecorded: null, thinking: false, localIds: [] };
const usage = { inputTokens: 1, outputTokens: 2, cacheReadTokens: 0, cacheCreationTokens: 0 };

test("a launch that left nothing open ends no turn", () => {
  expect(endOfLaunch(nothing)).toBeNull();
  expect(endOfLaunch({ ...nothing, failure: { code: "agent_exited", message: "gone", retryable: true } })).toBeNull();
});

test("the turn of the record has its own key, whoever finds out that it ended, and what it used by then", () => {
  expect(endOfLaunch({ ...nothing, turn: { id: "t", usage }, thinking: true })).toEqual({
    type: "turn-ended",
    id: "t:end",
    outcome: "interrupted",
    usage,
  });
});

test("a prompt that no record has ends in the turn that was told for it; one that had begun under the launch", () => {
  expect(endOfLaunch({ ...nothing, unrecorded: "p:turn" })).toMatchObject({ id: "p:turn:end" });
  expect(endOfLaunch({ ...nothing, localIds: ["a"] })).toMatchObject({ id: "l:end", localIds: ["a"] });
});

test("whatever was open is told as interrupted, never as done, and every prompt that had begun is named", () => {
  const open = fc.record<LeftOpen>({
    launchId: fc.constant("l"),
    turn: fc.constantFrom(null, { id: "t" }, { id: "t", usage }),
    unrecorded: fc.constantFrom(null, "p:turn"),
    thinking: fc.boolean(),
    localIds: fc.array(fc.constantFrom("a", "b"), { maxLength: 2 }),
  });
  fc.assert(
    fc.property(open, (left) => {
      const end = endOfLaunch(left);
      const wasOpen = left.turn !== null || left.unrecorded !== null || left.thinking || left.localIds.length > 0;
      expect(end !== null).toBe(wasOpen);
      if (end?.type !== "turn-ended") return;
      expect(end.outcome).toBe("interrupted");
      expect(end.localIds ?? []).toEqual([...left.localIds]);
    }),
  );
});
