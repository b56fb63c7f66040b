/** Live text: built from deltas that name their offset, so that a missed or repeated one is seen. Dropped when the stored item arrives. */
import type { Message, StreamDelta } from "@hapi/protocol";
import { decodeContent } from "../envelope/decode.ts";
import type { StreamBuffer } from "../timeline/view-model.ts";
import type { MessageWindow } from "./state.ts";
import { cutText } from "../text.ts";

/** At most so many items stream at once; the oldest goes. */
export const MAX_STREAMS = 64;
/** Longer live text keeps its beginning; the stored message brings all of it. */
export const MAX_STREAM_CHARS = 256 * 1024;

function grown(buffer: StreamBuffer, offset: number, delta: string): StreamBuffer {
  const { text, end } = buffer;
  const stop = offset + delta.length;
  if (offset > end) return bounded({ ...buffer, text: `${text}…${delta}`, end: stop, gap: true });
  // The whole text so far, told to who came late or missed something.
  if (offset === 0 && buffer.gap && stop >= end) return bounded({ ...buffer, text: delta, end: stop, gap: false });
  const overlap = end - offset;
  // Said again but different: a new attempt of the same item. After a gap offsets into our text mean nothing, so only news counts.
  const repeats = buffer.gap || text.startsWith(delta.slice(0, overlap), offset);
  if (!repeats) return bounded({ ...buffer, text: text.slice(0, offset) + delta, end: stop });
  return stop <= end ? buffer : bounded({ ...buffer, text: text + delta.slice(overlap), end: stop });
}

function bounded(buffer: StreamBuffer): StreamBuffer {
  return buffer.text.length <= MAX_STREAM_CHARS ? buffer : { ...buffer, text: cutText(buffer.text, MAX_STREAM_CHARS), gap: true };
}

export function withDelta(window: MessageWindow, delta: StreamDelta, isDone: boolean): MessageWindow {
  const { itemId, kind, parent } = delta;
  const known = Object.hasOwn(window.streams, itemId) ? window.streams[itemId] : undefined;
  if (!known && delta.delta === "") return window;
  const buffer: StreamBuffer = known ?? {
    itemId,
    kind,
    text: "",
    end: 0,
    gap: false,
    done: false,
    ...(parent === undefined ? {} : { parent }),
  };
  const next = grown(buffer, delta.offset, delta.delta);
  const closed = isDone && !next.done ? { ...next, done: true } : next;
  if (closed === known) return window;
  const streams = { ...window.streams, [itemId]: closed };
  const ids = Object.keys(streams);
  if (ids.length > MAX_STREAMS) for (const id of ids.slice(0, ids.length - MAX_STREAMS)) delete streams[id];
  return { ...window, streams };
}

/** Ids of live items that these rows draw for good; `all` when a turn of the main conversation ended. */
export function itemsDrawn(rows: readonly Pick<Message, "id" | "content">[]): { ids: Set<string>; all: boolean } {
  const ids = new Set<string>();
  let all = false;
  for (const row of rows) {
    for (const event of decodeContent(row.content, row)) {
      if (event.type === "agent-message" || event.type === "thought") ids.add(event.id);
      if (event.type === "tool-result") ids.add(event.callId);
      if (event.type === "turn-ended" && event.parent === undefined) all = true;
    }
  }
  return { ids, all };
}

export function dropStreams(window: MessageWindow, rows: readonly Message[]): MessageWindow {
  const open = Object.keys(window.streams);
  if (open.length === 0 || rows.length === 0) return window;
  const { ids, all } = itemsDrawn(rows);
  // The end of a turn closes what its own conversation still streamed; sub-agents may go on.
  const kept = open.filter((id) => !ids.has(id) && !(all && window.streams[id]?.parent === undefined));
  if (kept.length === open.length) return window;
  return { ...window, streams: Object.fromEntries(kept.map((id) => [id, window.streams[id]!])) };
}
