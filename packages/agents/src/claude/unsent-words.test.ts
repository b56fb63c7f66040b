import { expect, test } from "bun:test";
import { unsentWords } from "./unsent-words.ts";

const report = "<task-notification>\n<task-id>a8ed5b7a35877b67d</task-id>\n<status>completed</status>\n</task-notification>";

test("a report of a background task is nobody's words; a person's that begin like one are kept", () => {
  const waiting = ["one", report, "<task-notification>again", "<task-notification>hi</task-notification> there"];
  expect(unsentWords({ waiting, typed: [], unproven: [] }).queued).toEqual(["one", waiting[2] ?? "", waiting[3] ?? ""]);
});

test("what the person was seen to enter is theirs, whatever it looks like", () => {
  expect(unsentWords({ waiting: [report], typed: [report.replaceAll("\n", " ")], unproven: [] }).queued).toEqual([report]);
});

test("a command that Claude did not show to have taken up is not certain; other words are known", () => {
  const entered = (...texts: (string | null)[]) => unsentWords({ waiting: [], typed: [], unproven: texts.map((text) => ({ text })) });
  expect(entered("/model opus").entered).toBeNull();
  expect(entered(null).entered).toBeNull();
  expect(entered("say: hi").entered).toBe("say: hi");
  expect(entered().entered).toBeUndefined();
  expect(entered("one", "two")).toEqual({ queued: ["one"], entered: "two" });
  expect(entered("/model opus", "two")).toEqual({ queued: ["two"], entered: null });
});
