import { expect, test } from "bun:test";
import { WAITING_FOR } from "@hapi/protocol";
import { waitingInShort, waitingInWords } from "./waiting-words.ts";

test.each(WAITING_FOR)("%s has words, short and whole", (what) => {
  const waiting = { for: what, since: 0 };
  expect(waitingInShort(waiting, 1).length).toBeLessThanOrEqual(16);
  expect(waitingInWords(waiting, "0123456789")).toMatch(/^(It|The) .{8,}/);
});

test("a pause says when it ends, a person what to do, and a word that comes later is no error", () => {
  expect(waitingInShort({ for: "pause", since: 0, until: 61_000 }, 1_000)).toBe("again in 1 min");
  expect(waitingInWords({ for: "person", since: 0, code: "session_inactive" }, "0123456789")).toContain("hapi resume 01234567");
  expect(waitingInWords({ for: "person", since: 0, code: "agent_not_installed" }, "0123456789")).toContain("agent_not_installed");
  expect(waitingInWords({ for: "the moon", since: 0 }, "0123456789")).toBe("It waits.");
});
