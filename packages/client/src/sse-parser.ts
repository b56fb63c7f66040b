/** Server-sent events from text in any pieces. Only what HAPI uses: `data`, `id`, comments; `event` names are read over. */

export interface SseFrame {
  data: string;
  /** The last id said so far, also by an earlier frame. */
  id: string | null;
}

/** One event may not be larger; a stream that says more is broken. */
export const MAX_EVENT_CHARS = 64 * 1024 * 1024;

export interface SseParser {
  /** @returns the frames this piece completes */
  push(piece: string): SseFrame[];
}

export function createSseParser(): SseParser {
  let rest = "";
  let data: string[] = [];
  let size = 0;
  let id: string | null = null;

  function line(text: string, frames: SseFrame[]): void {
    if (text === "") {
      if (data.length > 0) frames.push({ data: data.join("\n"), id });
      data = [];
      size = 0;
      return;
    }
    const colon = text.indexOf(":");
    if (colon === 0) return;
    const field = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? "" : text.slice(text[colon + 1] === " " ? colon + 2 : colon + 1);
    if (field === "data") {
      data.push(value);
      size += value.length;
      if (size > MAX_EVENT_CHARS) throw new Error("The event is too large");
    } else if (field === "id") id = value;
  }

  return {
    push(piece) {
      const frames: SseFrame[] = [];
      rest += piece;
      if (rest.length > MAX_EVENT_CHARS) throw new Error("The event is too large");
      let start = 0;
      for (;;) {
        const end = nextBreak(rest, start);
        // A carriage return at the very end may be half of a break.
        if (end < 0 || (rest[end] === "\r" && end === rest.length - 1)) break;
        line(rest.slice(start, end), frames);
        start = end + (rest[end] === "\r" && rest[end + 1] === "\n" ? 2 : 1);
      }
      rest = rest.slice(start);
      return frames;
    },
  };
}

function nextBreak(text: string, from: number): number {
  const feed = text.indexOf("\n", from);
  const back = text.indexOf("\r", from);
  if (back < 0) return feed;
  return feed < 0 ? back : Math.min(feed, back);
}
