import { expect, test } from "bun:test";
import { createScreenThread } from "./screen-thread.ts";

test("the status alone is followed only where there are no hooks", () => {
  const screen = createScreenThread();
  expect(screen.named("b", false)).toBeNull();
  expect(screen.named("b", true)).toEqual({ threadId: "b" });
});

test("what a hook of a turn and the status name alike is followed, with the record that the hook named", () => {
  const screen = createScreenThread();
  screen.reported("UserPromptSubmit", { threadId: "b", transcript: "/b.jsonl" });
  expect(screen.named("b", false)).toEqual({ threadId: "b", transcript: "/b.jsonl" });
  expect(screen.named("c", false)).toBeNull();
  // Of another conversation than the last report the status says it alone.
  expect(screen.named("c", true)).toEqual({ threadId: "c" });
});

test("a hook that may come behind the conversation it is of names nothing", () => {
  const screen = createScreenThread();
  for (const late of ["SessionEnd", "Stop", "PostToolUse"]) screen.reported(late, { threadId: "a" });
  expect(screen.named("a", false)).toBeNull();
});

test("a conversation that was left begins no second time; it may be taken up again", () => {
  const screen = createScreenThread();
  expect(screen.began("a", "startup")).toBe(true);
  screen.left("a");
  for (const source of ["startup", "clear"]) expect(screen.began("a", source)).toBe(false);
  expect(screen.began("a", "resume")).toBe(true);
  expect(screen.began("b", "clear")).toBe(true);
});

test("the beginning of a conversation makes older reports worthless; a late one does not", () => {
  const screen = createScreenThread();
  screen.left("a");
  screen.reported("PreToolUse", { threadId: "b" });
  screen.began("a", "startup");
  expect(screen.named("b", false)).toEqual({ threadId: "b" });
  screen.began("c", "clear");
  expect(screen.named("b", false)).toBeNull();
});
