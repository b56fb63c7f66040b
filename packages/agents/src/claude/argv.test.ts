import { expect, test } from "bun:test";
import { type ArgvOptions, localArgv, ownBusiness, readArgs, remoteArgv, threadAsked } from "./argv.ts";

const options = (args: string[], more: Partial<ArgvOptions> = {}): ArgvOptions => ({
  args: readArgs(args),
  thread: { kind: "new", threadId: "T" },
  allowBypass: false,
  withPrompt: true,
  ...more,
});

test("the user's own flags pass through untouched, with their values and the prompt", () => {
  const args = ["--add-dir", "a", "b", "--verbose", "--append-system-prompt", "--be brief", "--effort=high", "fix it"];
  expect(localArgv(["claude"], options(args))).toEqual([
    "claude",
    "--session-id",
    "T",
    "--permission-mode",
    "manual",
    "--add-dir",
    "a",
    "b",
    "--verbose",
    "--append-system-prompt",
    "--be brief",
    "--effort=high",
    "--",
    "fix it",
  ]);
});

test("once the conversation has an id, their choice of one and their first prompt are not repeated", () => {
  const args = ["--resume", "old", "--fork-session", "--continue", "first words"];
  expect(localArgv(["claude"], options(args, { thread: { kind: "resume", threadId: "T" }, withPrompt: false }))).toEqual([
    "claude",
    "--resume",
    "T",
    "--permission-mode",
    "manual",
  ]);
  expect(localArgv(["claude"], options(["--resume"], { thread: { kind: "theirs" } }))).toEqual([
    "claude",
    "--permission-mode",
    "manual",
    "--resume",
  ]);
  expect(threadAsked(readArgs(args))).toEqual({ threadId: "old", newId: undefined, newest: true, fork: true, chosen: true });
});

test("the session's mode and model win over theirs; without one theirs stand", () => {
  const args = ["--permission-mode", "plan", "--model", "opus", "--dangerously-skip-permissions"];
  expect(localArgv(["c"], options(args)).slice(3)).toEqual(args);
  expect(localArgv(["c"], options(args, { permissionMode: "default", model: "sonnet" })).slice(3)).toEqual([
    "--permission-mode",
    "manual",
    "--model",
    "sonnet",
  ]);
});

test("the driven front speaks its protocol; flags of the terminal are left out, the prompt is not asked", () => {
  const argv = remoteArgv(
    ["claude"],
    options(["-p", "--output-format", "text", "--ide", "--settings", "s.json", "words"], { allowBypass: true }),
  );
  expect(argv).toEqual([
    "claude",
    "--print",
    "--input-format",
    "stream-json",
    "--output-format",
    "stream-json",
    "--verbose",
    "--permission-prompt-tool",
    "stdio",
    "--include-partial-messages",
    "--replay-user-messages",
    "--session-id",
    "T",
    "--permission-mode",
    "manual",
    "--allow-dangerously-skip-permissions",
    "--settings",
    "s.json",
  ]);
});

test("a branch keeps the name we gave it", () => {
  expect(remoteArgv(["c"], options([], { thread: { kind: "fork", from: "A", threadId: "B" } })).slice(11, 16)).toEqual([
    "--resume",
    "A",
    "--fork-session",
    "--session-id",
    "B",
  ]);
});

test.each([
  [["-p", "words"], "-p"],
  [["--model", "opus", "--print"], "--print"],
  [["-cp", "words"], "-p"],
  [["mcp", "list"], "mcp"],
  [["--debug", "mcp"], null],
  [["--add-dir", "a", "--model", "opus", "update"], "update"],
  [["--", "update"], "update"],
  [["--bg", "words"], "--bg"],
  [["-v"], "-v"],
  [["--help"], "--help"],
  [["--output-format", "json", "words"], null],
  [["--append-system-prompt", "-p", "words"], null],
  [["-nprint"], null],
  [["update the readme"], null],
  [["--resume", "mcp"], null],
  [[], null],
] as const)("%p is Claude's own business: %p", (words, why) => expect(ownBusiness(words)).toBe(why));
