import { expect, test } from "bun:test";
import { unsentWords } from "./unsent-words.ts";

const report = "<task-notification>\n<task-id>a8ed5b7a35877b67d</task-id>\n<status>completed</status>\n</task-notification>";

test("a report of a background task is nobody's words; a person's that begin like one are kept", () => {
  const waiting = ["one", report, "<task-notification>again", "<task-notification>hi</task-notification> there"];
  expect(unsentWords({ waiting, typed: [], unproven: null }).queued).toEqual(["one", waiting[2] ?? "", waiting[3] ?? ""]);
});

test("what the person was seen to enter is theirs, whatever it looks like", () => {
  expect(unsentWords({ waiting: [report], typed: [report.replaceAll("\n", " ")], unproven: null }).queued).toEqual([report]);
});

test("a command that Claude did not show to have taken up is not certain; other words are known", () => {
  const entered = (unproven: { text: string | null } | null) => unsentWords({ waiting: [], typed: [], unproven }).entered;
  expect(entered({ text: "/model opus" })).toBeNull();
  expect(entered({ text: null })).toBeNull();
  expect(entered({ text: "say: hi" })).toBe("say: hi");
  expect(entered(null)).toBeUndefined();
});
