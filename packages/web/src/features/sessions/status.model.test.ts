import { describe, expect, test } from "bun:test";
import { asksFor, NOW, testSummary } from "../../test-summary.ts";
import { statusOf, type StatusWord } from "./status.model.ts";

const READ = NOW;
const UNREAD = 0;

const table: [name: string, summary: ReturnType<typeof testSummary>, seenAt: number, word: StatusWord][] = [
  ["an open request", testSummary(asksFor("Bash", NOW)), READ, "waiting"],
  [
    "an open request while its process is away",
    testSummary({ ...asksFor("Bash", NOW), active: false, lifecycle: "running" }),
    READ,
    "waiting",
  ],
  [
    "a request left behind by an ended session",
    testSummary({ ...asksFor("Bash", NOW), active: false, lifecycle: "completed" }),
    READ,
    "ended",
  ],
  ["a running turn", testSummary({ thinking: true }), READ, "working"],
  ["a running turn that asks", testSummary({ thinking: true, ...asksFor("Edit", NOW) }), READ, "waiting"],
  ["thinking said by a process that is gone", testSummary({ thinking: true, active: false, lifecycle: "running" }), READ, "offline"],
  ["a session that starts", testSummary({ lifecycle: "initializing" }), READ, "starting"],
  ["news since it was looked at", testSummary(), UNREAD, "unread"],
  ["news in an ended session", testSummary({ active: false, lifecycle: "completed" }), UNREAD, "unread"],
  ["an empty session never looked at", testSummary({ hasConversationContent: false }), UNREAD, "idle"],
  ["nothing new", testSummary(), READ, "idle"],
  ["a failed session", testSummary({ active: false, lifecycle: "failed" }), READ, "failed"],
  ["an aborted session", testSummary({ active: false, lifecycle: "aborted" }), READ, "ended"],
  ["an archived one, whatever it asks", testSummary({ ...asksFor("Bash", NOW), active: false, lifecycle: "archived" }), UNREAD, "archived"],
  ["no metadata at all", { ...testSummary({ active: false }), metadata: null }, READ, "ended"],
];

describe("a session's status", () => {
  test.each(table)("%s", (_name, summary, seenAt, word) => {
    expect(statusOf(summary, seenAt).word).toBe(word);
  });

  test("offline says since when", () => {
    expect(statusOf(testSummary({ active: false, lifecycle: "running", activeAt: 5 }), READ).since).toBe(5);
  });
});
