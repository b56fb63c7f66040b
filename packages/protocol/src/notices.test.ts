import { expect, test } from "bun:test";
import { type NoticeCode, NOTICES, noticeHoles, noticeWords, type NoticeWords } from "./notices.ts";

test("the text of a notice is the sentence of the table, with its parameters in their places", () => {
  expect(noticeWords("was_archived")).toEqual({ code: "was_archived", text: NOTICES.was_archived });
  for (const code of Object.keys(NOTICES) as NoticeCode[]) {
    const params = Object.fromEntries(noticeHoles(code).map((name) => [name, `<${name}>`]));
    const { text } = (noticeWords as (code: NoticeCode, params: object) => NoticeWords)(code, params);
    expect(text).toBe(NOTICES[code].replaceAll("{", "<").replaceAll("}", ">"));
  }
});

test("lists, modes and errors are words in the text and facts beside it", () => {
  const params = { names: ["Dev server", "A helper"] };
  expect(noticeWords("background_ended", params)).toEqual({
    code: "background_ended",
    text: "Work in the background ended with the agent's process: Dev server, A helper",
    params,
  });
  expect(noticeWords("mode_other", { agent: "Fake", before: { mode: "plan" }, mode: { mode: "default" } }).text).toContain("in default");
  const reason = { code: "thread_in_use", message: "It is open elsewhere" };
  expect(noticeWords("retry_failed", { reason }).text).toBe("It could not be tried again: It is open elsewhere");
});

test("what a person wrote is never read as a place for a parameter", () => {
  expect(noticeWords("words_both", { agent: "{typed}", unsent: ["{agent}"], typed: "$& {unsent}" }).text).toContain(
    "{typed} had not taken up what was entered in the terminal: {agent}. It was not sent. Half-typed in the terminal: $& {unsent}.",
  );
});
