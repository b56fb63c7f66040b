/**
 * A window of messages: pages and live rows become one ordered list. Rows are in order of position and unique
 * by id and by local id; queued prompts are kept beside. A page is the truth at the moment it was read: whoever applies one applies
 * again, after it, the events that arrived since it was asked for. Then the result is the same in whatever order they came.
 */
import type { Message, MessagesResponse } from "@hapi/protocol";
import { comparePositions, compareRows, isQueued, isSameJson, isSameRow, mergeRow, positionOf } from "./rows.ts";
import { emptyWindow, type MessageWindow, type Position } from "./state.ts";
import { dropStreams } from "./streams.ts";

/** A window that grows past this by live rows forgets its oldest ones; they can be read again. */
export const MAX_WINDOW_ROWS = 5000;
const KEEP_ROWS = 4000;

interface Rows {
  rows: Message[];
  queued: Message[];
}

/** A page's row as it is, in the object we have if it is the same. */
function replaceRow(known: Message, heard: Message): Message {
  return isSameJson(known, heard) ? known : heard;
}

/** Puts heard rows into the known ones. */
function combine(window: Rows | MessageWindow, heard: readonly Message[], merge: typeof mergeRow): Rows {
  const byId = new Map<string, Message>();
  const idByLocal = new Map<string, string>();
  const add = (row: Message): void => {
    const knownId = byId.has(row.id) ? row.id : row.localId === null ? undefined : idByLocal.get(row.localId);
    const known = knownId === undefined ? undefined : byId.get(knownId);
    const merged = known ? merge(known, row) : row;
    if (knownId !== undefined && knownId !== merged.id) byId.delete(knownId);
    byId.set(merged.id, merged);
    if (merged.localId !== null) idByLocal.set(merged.localId, merged.id);
  };
  for (const row of window.rows) add(row);
  for (const row of window.queued) add(row);
  for (const row of heard) add(row);
  return split([...byId.values()]);
}

function split(all: readonly Message[]): Rows {
  return { rows: all.filter((row) => !isQueued(row)).sort(compareRows), queued: all.filter(isQueued).sort(compareRows) };
}

function sameList(a: readonly Message[], b: readonly Message[]): boolean {
  return a.length === b.length && a.every((row, index) => row === b[index]);
}

function withRows(window: MessageWindow, next: Rows): MessageWindow {
  const rows = sameList(window.rows, next.rows) ? window.rows : next.rows;
  const queued = sameList(window.queued, next.queued) ? window.queued : next.queued;
  return rows === window.rows && queued === window.queued ? window : { ...window, rows, queued };
}

function newest(rows: readonly Message[]): Position | null {
  const last = rows.at(-1);
  return last ? positionOf(last) : null;
}

function later(a: Position | null, b: Position | null): Position | null {
  if (!a || !b) return a ?? b;
  return comparePositions(a, b) >= 0 ? a : b;
}

function trimmed(window: MessageWindow): MessageWindow {
  if (window.rows.length <= MAX_WINDOW_ROWS) return window;
  const rows = window.rows.slice(-KEEP_ROWS);
  const first = rows[0];
  return { ...window, rows, hasOlder: true, oldest: first ? positionOf(first) : window.oldest };
}

/** One row heard live. Rows from before the window belong to an older page and are left to it. */
export function withLiveRow(window: MessageWindow, row: Message): MessageWindow {
  const isOlder = window.hasOlder && window.oldest && comparePositions(positionOf(row), window.oldest) < 0;
  const isKnown = window.rows.some((known) => isSameRow(known, row)) || window.queued.some((known) => isSameRow(known, row));
  if (isOlder && !isKnown && !isQueued(row)) return window;
  const next = withRows(window, isKnown ? combine(window, [row], mergeRow) : placed(window, row));
  const settled = dropStreams(next, [row]);
  if (settled === window) return window;
  const moved = settled.stale ? settled : { ...settled, syncedTo: later(settled.syncedTo, newest(settled.rows)) };
  return trimmed(moved);
}

/** The common case, a new row, without touching the others. */
function placed(window: MessageWindow, row: Message): Rows {
  const list = [...(isQueued(row) ? window.queued : window.rows)];
  let index = list.length;
  while (index > 0 && compareRows(list[index - 1]!, row) > 0) index -= 1;
  list.splice(index, 0, row);
  return isQueued(row) ? { rows: [...window.rows], queued: list } : { rows: list, queued: [...window.queued] };
}

/** Changes the rows that `pick` chooses; a row that is no longer queued, or queued again, changes sides. */
export function mapRows(window: MessageWindow, pick: (row: Message) => boolean, change: (row: Message) => Message): MessageWindow {
  const all = [...window.rows, ...window.queued];
  const changed = all.map((row) => (pick(row) ? change(row) : row));
  if (sameList(all, changed)) return window;
  const next = withRows(window, split(changed));
  if (next.stale) return next;
  return { ...next, syncedTo: later(next.syncedTo, newest(next.rows)) };
}

export function removeRow(window: MessageWindow, id: string, localId: string | undefined): MessageWindow {
  const isGone = (row: Message): boolean => row.id === id || (row.localId !== null && (row.localId === id || row.localId === localId));
  return withRows(window, { rows: window.rows.filter((row) => !isGone(row)), queued: window.queued.filter((row) => !isGone(row)) });
}

function cursor(at: number | null, seq: number | null): Position | null {
  return at === null || seq === null ? null : { at, seq };
}

/** What was asked for; a page that answers a question we no longer have is ignored. */
export interface PageRequest {
  before?: Position;
  after?: Position;
}

export function withPage(window: MessageWindow, response: MessagesResponse, asked: PageRequest = {}): MessageWindow {
  const { page, messages } = response;
  if (page.direction === "latest") return withLatest(window, response);
  if (page.direction === "before") {
    if (!asked.before || !window.oldest || comparePositions(asked.before, window.oldest) !== 0) return window;
    const next = withRows(window, combine(window, messages, replaceRow));
    const oldest = cursor(page.nextBeforeAt, page.nextBeforeSeq) ?? (messages[0] ? positionOf(messages[0]) : window.oldest);
    // Who missed no event knows already what the new numbering is about (a cancelled prompt, say): what is shown stays.
    return { ...next, oldest, hasOlder: page.hasMore, epoch: next.stale ? next.epoch : page.epoch };
  }
  if (window.epoch !== page.epoch) return { ...window, stale: true };
  const next = dropStreams(withRows(window, combine(window, messages, replaceRow)), messages);
  const reached = cursor(page.nextAfterAt, page.nextAfterSeq) ?? asked.after ?? null;
  return page.hasMore
    ? { ...next, syncedTo: later(window.syncedTo, reached) }
    : { ...next, syncedTo: later(reached, newest(next.rows)), stale: false };
}

/**
 * After a gap: a prompt from before the page may have gone on unheard, and nothing tells how far. What is older than the newest of these is
 * forgotten together with it and read again when somebody looks; the others can't have changed.
 */
export function certainRows(window: MessageWindow, { messages }: MessagesResponse): MessageWindow {
  if (!window.stale) return window;
  const isDoubtful = (row: Message): boolean =>
    row.stage !== undefined && row.stage !== "done" && !messages.some((other) => isSameRow(other, row));
  const last = window.rows.findLastIndex(isDoubtful);
  const doubtful = window.rows[last];
  if (!doubtful) return window;
  const rows = window.rows.slice(last + 1);
  const { at, seq } = positionOf(doubtful);
  return { ...window, rows, hasOlder: true, oldest: rows[0] ? positionOf(rows[0]) : { at, seq: seq + 1 } };
}

/**
 * The newest page. It replaces the window when the hub renumbered (another epoch, `reset`) or when rows may be missing between the two;
 * otherwise both become one. Its queued prompts are all there are.
 */
function withLatest(known: MessageWindow, response: MessagesResponse): MessageWindow {
  const { page, messages } = response;
  const window = certainRows(known, response);
  const placedRows = messages.filter((row) => !isQueued(row));
  const oldest = cursor(page.nextBeforeAt, page.nextBeforeSeq) ?? (placedRows[0] ? positionOf(placedRows[0]) : null);
  const joins = joinsWindow(window, response);
  const head = cursor(page.snapshotHeadAt, page.snapshotHeadSeq) ?? newest(placedRows);
  const inPage = (row: Message): boolean => messages.some((other) => isSameRow(other, row));
  const kept = joins ? window.rows : window.rows.filter(inPage);
  const queued = window.queued.filter(inPage);
  const rows = combine({ rows: [...kept], queued }, messages, replaceRow);
  const next = dropStreams(withRows(window, rows), messages);
  return {
    ...next,
    epoch: page.epoch,
    oldest: joins ? window.oldest : oldest,
    hasOlder: joins ? window.hasOlder : page.hasMore,
    syncedTo: later(head, newest(next.rows)),
    stale: false,
  };
}

/** Does the newest page reach back to what the window has, with the same numbering? Otherwise read `after` first, or replace. */
export function joinsWindow(window: MessageWindow, response: MessagesResponse): boolean {
  const { page, messages } = response;
  // A page that holds the whole history replaces as well as it joins.
  if (page.reset || window.epoch === null || window.epoch !== page.epoch || !page.hasMore) return false;
  const first = messages.find((row) => !isQueued(row));
  return !!first && !!window.syncedTo && comparePositions(positionOf(first), window.syncedTo) <= 0;
}

/** Forget everything: the history was rewritten. */
export function invalidated(window: MessageWindow): MessageWindow {
  return { ...emptyWindow, queued: window.queued };
}
