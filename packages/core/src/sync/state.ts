/**
 * What a client knows of a hub, and the empty start of it. Never changed in place: every step gives a new state that shares what stayed.
 * `refetch` and `stale` say what must be read again; the sync engine of `client` does the reading.
 */
import type { Machine, Message, Session, SessionSummary } from "@hapi/protocol";
import type { StreamBuffer } from "../timeline/view-model.ts";

export interface SyncState {
  /** Sessions read in full. */
  readonly sessions: Readonly<Record<string, Session>>;
  /** Every session of the list. */
  readonly summaries: Readonly<Record<string, SessionSummary>>;
  readonly machines: Readonly<Record<string, Machine>>;
  /** One window of messages for each session that is open. */
  readonly windows: Readonly<Record<string, MessageWindow>>;
  readonly refetch: Refetch;
}

export interface Refetch {
  readonly list: boolean;
  readonly machines: boolean;
  readonly sessions: Readonly<Record<string, true>>;
}

/** A place in a session's history: `(invokedAt ?? createdAt, seq)`. */
export interface Position {
  readonly at: number;
  readonly seq: number;
}

export interface MessageWindow {
  /** Of the hub's numbering; null until the first page came. */
  readonly epoch: number | null;
  /** In order of position, no row twice. */
  readonly rows: readonly Message[];
  /** Prompts not handed yet, oldest first; never in `rows`. */
  readonly queued: readonly Message[];
  /** Rows before this one are on the hub only; null: not known (no page yet) or nothing older. */
  readonly oldest: Position | null;
  readonly hasOlder: boolean;
  /** Up to here nothing is missing. */
  readonly syncedTo: Position | null;
  /** Something may be missing after `syncedTo`: read the tail. */
  readonly stale: boolean;
  readonly streams: Readonly<Record<string, StreamBuffer>>;
}

export const emptySyncState: SyncState = {
  sessions: {},
  summaries: {},
  machines: {},
  windows: {},
  refetch: { list: true, machines: true, sessions: {} },
};

export const emptyWindow: MessageWindow = {
  epoch: null,
  rows: [],
  queued: [],
  oldest: null,
  hasOlder: false,
  syncedTo: null,
  stale: true,
  streams: {},
};

export function without<T>(source: Readonly<Record<string, T>>, key: string): Readonly<Record<string, T>> {
  if (!Object.hasOwn(source, key)) return source;
  const { [key]: _gone, ...rest } = source;
  return rest;
}
