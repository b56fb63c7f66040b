import { expect, test } from "bun:test";
import { type NoticeCode, NOTICES, noticeHoles } from "@hapi/protocol";
import { devices } from "./en/devices.ts";
import { en } from "./en/index.ts";
import { later } from "./en/later.ts";
import { list } from "./en/list.ts";
import { notices } from "./en/notices.ts";
import { screens } from "./en/screens.ts";
import { setLocale, t } from "./index.ts";
import { zh } from "./zh/index.ts";

const holes = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "").sort();
const forms = (entry: string | { one?: string; other: string }): string[] =>
  typeof entry === "string" ? [entry] : [entry.other, ...(entry.one === undefined ? [] : [entry.one])];

test("every language has every sentence, with the same holes", () => {
  for (const [key, entry] of Object.entries({ ...en, ...later, ...list, ...notices, ...screens, ...devices })) {
    const translated: string | { one?: string; other: string } = zh[key as keyof typeof zh];
    const [wanted = ""] = forms(entry);
    for (const form of forms(translated)) expect({ key, holes: holes(form) }).toEqual({ key, holes: holes(wanted) });
  }
});

test("what HAPI says in a conversation has words in both languages, with the parameters of the protocol's table", () => {
  for (const code of Object.keys(NOTICES) as NoticeCode[])
    for (const words of [notices[`notice.${code}`], zh[`notice.${code}`]])
      expect({ code, holes: holes(words) }).toEqual({ code, holes: noticeHoles(code).sort() });
  for (const code of Object.keys(NOTICES) as NoticeCode[]) expect(zh[`notice.${code}`]).toMatch(/\p{Script=Han}/u);
});

test("plural forms follow the count, and values are put in", async () => {
  expect(t("summary.lines", { count: 1 })).toBe("1 line");
  expect(t("summary.lines", { count: 2 })).toBe("2 lines");
  await setLocale("zh");
  expect(t("list.title")).toBe("会话");
  await setLocale("en");
});

/** Half-width marks beside Chinese characters, quotes or holes; a clock, a path or an address may have them. */
const HALF_WIDTH = [
  /[\p{Script=Han}”}）][,;:?!](?!\d)/u,
  /[,;:?!]\s*[\p{Script=Han}“{（]/u,
  /\p{Script=Han}[^\p{Script=Han}]*[?!]$/u,
  /[\p{Script=Han}”]\.(?:\s|$)/u,
  /\p{Script=Han}\s*[()"]|[()"]\s*\p{Script=Han}/u,
];

/** Names, units, and what is typed as it stands. */
const LATIN = new Set(
  "HAPI MB JSON MCP TLS Telegram Safari English settings.json HAPI_PUBLIC_URL hapi hapi_hub hapi_web hapi_unlock --host --tls ~/projects/shop".split(
    " ",
  ),
);

test("Chinese is Chinese: no English word is left in a sentence", () => {
  const wrong = Object.entries(zh).flatMap(([key, entry]) =>
    forms(entry)
      .flatMap(
        (text) =>
          text
            .replaceAll(/\{\w+\}/g, " ")
            .replaceAll(/hapi (hub|web|unlock)/g, "hapi_$1")
            .match(/[~\w./-]*[A-Za-z]{2,}[\w./-]*/g) ?? [],
      )
      .filter((word) => !LATIN.has(word.replace(/\.$/, "")))
      .map((word) => `${key}: ${word}`),
  );
  expect(wrong).toEqual([]);
});

/** One thing has one name. */
const SECOND_NAMES = [/您/, /中心/, /提示(?!音)/, /令牌 ?[（/]/];

test("Chinese says the same word for the same thing", () => {
  const wrong = Object.entries(zh).flatMap(([key, entry]) =>
    forms(entry).flatMap((text) => (SECOND_NAMES.some((name) => name.test(text)) ? [`${key}: ${text}`] : [])),
  );
  expect(wrong).toEqual([]);
});

test("Chinese has its own punctuation", () => {
  const wrong = Object.entries(zh).flatMap(([key, entry]) =>
    forms(entry).flatMap((text) => (HALF_WIDTH.some((mark) => mark.test(text)) ? [`${key}: ${text}`] : [])),
  );
  expect(wrong).toEqual([]);
});
