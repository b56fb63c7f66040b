import { expect, test } from "bun:test";
import { createKeptWords } from "./kept-words.ts";

function rig() {
  const stored: Record<string, unknown> = {};
  const notices: { text: string; code: string; level: string }[] = [];
  const words = createKeptWords({
    memory: { get: <T>(key: string) => stored[key] as T | undefined, commit: async (marks: object) => void Object.assign(stored, marks) },
    agent: "Demo",
    notice: ({ text, code }, level) => void notices.push({ text, code, level }),
    changed: () => undefined,
    log: { warn: () => undefined } as never,
  });
  return { words, notices };
}

const left = (line: string) => ({ type: "unsent", queued: [], entered: undefined, line }) as const;

test("words that fit stand in the input line, and the notice says so", () => {
  const { words, notices } = rig();
  words.left(left("half a thought"));
  expect(words.text).toBe("half a thought");
  expect(notices).toEqual([{ text: expect.stringContaining("stand in the input line"), code: "words_half_typed", level: "info" }]);
});

test("words that are too long for the input line are told whole, as such, and what was kept before stays", () => {
  const { words, notices } = rig();
  words.typed("kept before");
  const long = "x".repeat(16_384);
  words.left(left(long));
  words.typed(long);
  expect(words.text).toBe("kept before");
  expect(notices).toHaveLength(2);
  for (const { text, level } of notices) {
    expect(level).toBe("warning");
    expect(text).toContain(long);
    expect(text).toContain("copy them from here");
    expect(text).not.toContain("stand in the input line");
  }
});
