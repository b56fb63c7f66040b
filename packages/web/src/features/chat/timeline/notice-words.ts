/** What HAPI itself says in a conversation, in the reader's language. What it has no words for is told in the sentence that came with it. */
import "../../../i18n/later.ts";
import "../../../i18n/notices.ts";
import type { NoticeItem, TimelineRequest } from "@hapi/core";
import { isNoticeCode, type NoticeParam, noticeHoles } from "@hapi/protocol";
import { codeText } from "../../../i18n/error-words.ts";
import type { MessageKey, Translate } from "../../../i18n/index.ts";
import { modeName } from "../header/mode-names.ts";

type Values = Record<string, string | number>;

export function noticeText({ code, params, text }: Pick<NoticeItem, "code" | "params" | "text">, t: Translate): string {
  if (code === null || !isNoticeCode(code)) return text;
  const values: Values = {};
  for (const name of noticeHoles(code)) {
    const param = params[name];
    // Of another version, which says this with something else.
    if (param === undefined) return text;
    values[name] = inWords(param, t);
  }
  return (t as (key: MessageKey, values: Values) => string)(`notice.${code}`, values);
}

/** What "for this session" will allow. */
export function scopeText(
  { sessionScope, sessionScopeWords }: Pick<TimelineRequest, "sessionScope" | "sessionScopeWords">,
  t: Translate,
): string {
  const words = sessionScopeWords.map((one) => noticeText({ ...one, text: "" }, t));
  return words.length === 0 || words.includes("") ? (sessionScope ?? "") : words.join(t("punctuation.semicolon"));
}

function inWords(param: NoticeParam, t: Translate): string | number {
  if (typeof param !== "object") return param;
  if (Array.isArray(param)) return param.join(t("punctuation.list"));
  return "mode" in param ? modeName(param.mode, t) : codeText(param.code, param.message, t);
}
