/** What this person has looked at, on this device: a time per session. "Done and unread" is the difference between it and the session's own. */
import { useHub } from "./store.ts";

const KEY = "hapi_seen";
/** Beyond this the longest unseen are forgotten; they then count as read. */
const MAX_ENTRIES = 2_000;

interface Stored {
  baseline: number;
  seen: Record<string, number>;
}

function isStored(value: unknown): value is Stored {
  return typeof value === "object" && value !== null && "baseline" in value && "seen" in value && typeof value.seen === "object";
}

function read(now: number): Stored {
  const text = localStorage.getItem(KEY);
  const stored: unknown = text === null ? null : parsed(text);
  return isStored(stored) ? stored : { baseline: now, seen: {} };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // another program's value, or a half-written one: start over
    return null;
  }
}

function write(): void {
  const { seen, seenBaseline } = useHub.getState();
  const newest = Object.entries(seen)
    .sort((a, b) => b[1] - a[1])
    .slice(0, MAX_ENTRIES);
  localStorage.setItem(KEY, JSON.stringify({ baseline: seenBaseline, seen: Object.fromEntries(newest) } satisfies Stored));
}

export function restoreSeen(now: number): void {
  const { baseline, seen } = read(now);
  useHub.setState({ seenBaseline: baseline, seen });
  write();
}

function mark(id: string, at: number): void {
  const { seen } = useHub.getState();
  if (seen[id] === at) return;
  useHub.setState({ seen: { ...seen, [id]: at } });
  write();
}

/** The session is open in front of the person: everything up to its own latest time was seen. */
export function markSeen(id: string, updatedAt: number): void {
  const { seen, seenBaseline } = useHub.getState();
  if (updatedAt > (seen[id] ?? seenBaseline)) mark(id, updatedAt);
}

export function markUnread(id: string, updatedAt: number): void {
  mark(id, updatedAt - 1);
}
