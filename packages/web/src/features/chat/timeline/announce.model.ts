/** What is worth saying aloud about an item: finished text, what waits, what failed. Null: nothing. */
import { shortText, type TimelineItem, type TimelineRequest, type ToolItem } from "@hapi/core";
import type { Translate } from "../../../i18n/index.ts";
import { wordsOfRequests } from "../../../i18n/request-words.ts";
import { objectOf } from "../tools/tool.model.ts";
import { summaryIn, verbIn } from "../tools/verbs.ts";
import { noticeText } from "./notice-words.ts";

const MAX_CHARS = 600;

export function announcementOf(item: TimelineItem, t: Translate): string | null {
  const text = rawText(item, t);
  if (text === null) return null;
  return shortText(text, MAX_CHARS);
}

function rawText(item: TimelineItem, t: Translate): string | null {
  switch (item.type) {
    case "text":
      return item.streaming ? null : item.text;
    case "request":
      return askedWords(item.request, t);
    case "tool":
      if (item.status === "waiting") return item.request === null ? null : askedWords(item.request, t);
      return item.status === "failed" ? failedWords(item, t) : null;
    case "turn-end":
      return item.failure ? item.failure.message : null;
    case "notice":
      return item.command === null ? noticeText(item, t) : item.text;
    default:
      return null;
  }
}

/** "Could not read src/cart.ts: no such file". */
function failedWords(item: ToolItem, t: Translate): string {
  const what = [verbIn(item, t), objectOf(item)].filter(Boolean).join(" ");
  return [what, summaryIn(item.summary, t)].filter(Boolean).join(t("punctuation.colon"));
}

/** The agent's own sentence, else what is asked by its kind. */
function askedWords(request: TimelineRequest, t: Translate): string {
  const words = wordsOfRequests([request.tool], { count: 1, asks: request.kind === "question" }, t);
  return request.title ?? [words, objectOf({ ...request, kind: request.toolKind })].filter(Boolean).join(t("punctuation.colon"));
}
