import { afterEach, expect, test } from "bun:test";
import { type NoticeParams, noticeWords } from "@hapi/protocol";
import { setLocale, t } from "../../../i18n/index.ts";
import { noticeText, scopeText } from "./notice-words.ts";

afterEach(() => setLocale("en"));

const item = ({ code = null, params = {}, text }: { code?: string | null; params?: object; text: string }) =>
  noticeText({ code, params: params as Record<string, string>, text }, t);

test("what HAPI says is in the reader's language, modes and errors too", async () => {
  const mode = noticeWords("mode_other", { agent: "Fake", before: { mode: "plan" }, mode: { mode: "acceptEdits" } });
  expect(item(mode)).toBe("Fake was in the mode Plan only when it was last seen; started again, it goes on in Accept edits");
  expect(item(noticeWords("background_ended", { names: ["a", "b"] }))).toBe("Work in the background ended with the agent's process: a, b");
  const refused = noticeWords("row_refused", { reason: { code: "body_too_large", message: "12 MB" } });
  expect(item(refused)).toBe(refused.text);
  await setLocale("zh");
  expect(item(mode)).toBe("上次看到 Fake 时它处于“仅规划”模式；重新启动后以“接受修改”模式继续");
  expect(item(noticeWords("background_ended", { names: ["a", "b"] }))).toBe("后台任务随代理的进程一同结束：a、b");
  expect(item(refused)).toMatch(/^有一条内容无法保存：\p{Script=Han}+（12 MB）$/u);
  expect(item(noticeWords("was_archived"))).toMatch(/\p{Script=Han}/u);
});

test("a code of another version, or one with other parameters, is told in the sentence that came with it", async () => {
  await setLocale("zh");
  expect(item({ code: "brand_new", params: { a: "b" }, text: "Something new" })).toBe("Something new");
  expect(item({ code: "retries_used_up", params: { tries: 3 }, text: "Tried 3 times" })).toBe("Tried 3 times");
  expect(item({ code: "toString", text: "Not ours" })).toBe("Not ours");
  expect(item({ text: "The agent's own words" })).toBe("The agent's own words");
});

test("what would be allowed for the session is worded too, unless the words are the agent's", async () => {
  await setLocale("zh");
  const sessionScopeWords: { code: string; params: NoticeParams }[] = [
    { code: "scope_edits", params: {} },
    { code: "scope_folders", params: { folders: ["/a", "/b"] } },
  ];
  expect(scopeText({ sessionScope: "every edit of a file", sessionScopeWords }, t)).toBe("每次修改文件；文件夹 /a、/b");
  const unknown = [...sessionScopeWords, { code: "scope_new", params: {} }];
  expect(scopeText({ sessionScope: "all of it", sessionScopeWords: unknown }, t)).toBe("all of it");
  expect(scopeText({ sessionScope: "The agent's own", sessionScopeWords: [] }, t)).toBe("The agent's own");
});
