/** What is worth saying aloud about an item: finished text, what waits, what failed. Null: nothing. */
import { shortText, type TimelineItem } from "@hapi/core";

const MAX_CHARS = 600;

export function announcementOf(item: TimelineItem): string | null {
  const text = rawText(item);
  if (text === null) return null;
  return shortText(text, MAX_CHARS);
}

function rawText(item: TimelineItem): string | null {
  switch (item.type) {
    case "text":
      return item.streaming ? null : item.text;
    case "request":
      return item.request.title ?? `${item.request.tool} ${item.request.object}`;
    case "tool":
      if (item.status === "waiting") return item.request?.title ?? `${item.tool} ${item.object}`;
      return item.status === "failed" ? `${item.verb} ${item.object}: ${item.summary}` : null;
    case "turn-end":
      return item.failure ? item.failure.message : null;
    case "notice":
      return item.text;
    default:
      return null;
  }
}
