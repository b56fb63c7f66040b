import { expect, test } from "bun:test";
import { entryOf, type ThreadPlace } from "./thread.ts";

const known = { id: "a", transcript: "/old/a.jsonl" };
const enter = (threadId: string, where: ThreadPlace = {}, present = { thread: known as typeof known | null, isRead: true }) =>
  entryOf({ threadId, where }, present, (path) => path ?? `/guess/${threadId}.jsonl`);

test("the conversation that is read is not entered again; where its record is now is followed", () => {
  expect(enter("a")).toEqual({ do: "follow", transcript: undefined });
  expect(enter("a", { transcript: "/new/a.jsonl" })).toEqual({ do: "follow", transcript: "/new/a.jsonl" });
});

test("another one is entered and becomes durable, at the place that was named or is found", () => {
  expect(enter("b")).toEqual({ do: "enter", mark: { id: "b", transcript: "/guess/b.jsonl" }, commit: true });
  expect(enter("b", { transcript: "/b.jsonl" })).toMatchObject({ mark: { transcript: "/b.jsonl" } });
  expect(enter("a", {}, { thread: null, isRead: false })).toMatchObject({ do: "enter", commit: true });
});

test("after a restart the own one is read from where it was left: written again only where its record has moved", () => {
  const restarted = { thread: known, isRead: false };
  expect(enter("a", {}, restarted)).toEqual({ do: "enter", mark: known, commit: false });
  expect(enter("a", { transcript: "/new/a.jsonl" }, restarted)).toMatchObject({ mark: { transcript: "/new/a.jsonl" }, commit: true });
});

test("what a branch was copied from stays known; it is no other conversation's", () => {
  const branch = { ...known, forkOf: "/x.jsonl" };
  expect(enter("a", {}, { thread: branch, isRead: false })).toMatchObject({ mark: { forkOf: "/x.jsonl" } });
  expect(enter("b", {}, { thread: branch, isRead: false })).toEqual({
    do: "enter",
    mark: { id: "b", transcript: "/guess/b.jsonl" },
    commit: true,
  });
  expect(enter("b", { forkOf: "/a.jsonl" })).toMatchObject({ mark: { forkOf: "/a.jsonl" } });
});
