/** What has to be read again, because events can't tell it: a gap, something never heard of, an event that could not be read. Pure. */
import type { MessagesResponse } from "@hapi/protocol";
import type { MessageWindow, SyncState } from "./state.ts";
import { joinsWindow } from "./window.ts";

export function wantSession(state: SyncState, id: string): SyncState {
  if (Object.hasOwn(state.refetch.sessions, id)) return state;
  return { ...state, refetch: { ...state.refetch, sessions: { ...state.refetch.sessions, [id]: true } } };
}

/** Only the list counts scheduled prompts; no patch does. */
export function wantList(state: SyncState, list = true): SyncState {
  return state.refetch.list === list ? state : { ...state, refetch: { ...state.refetch, list } };
}

export function wantMachines(state: SyncState): SyncState {
  return { ...state, refetch: { ...state.refetch, machines: true } };
}

/** An event of it was heard that could not be read: it may have said anything. */
export function doubtSession(state: SyncState, id: string): SyncState {
  const window = state.windows[id];
  return wantSession(window ? { ...state, windows: { ...state.windows, [id]: { ...window, stale: true } } } : state, id);
}

export type Due = [kind: "list"] | [kind: "machines"] | [kind: "session" | "messages", sessionId: string];

/** Every read that is due, in the order in which they are begun. */
export function dueReads({ refetch, windows }: SyncState): Due[] {
  const due: Due[] = [];
  if (refetch.list) due.push(["list"]);
  if (refetch.machines) due.push(["machines"]);
  for (const id of Object.keys(refetch.sessions)) due.push(["session", id]);
  for (const [id, window] of Object.entries(windows)) if (window.stale) due.push(["messages", id]);
  return due;
}

/** What becomes of a read that failed. `gone`: the session is not there for this reader. `signed-out`: no repetition helps before somebody signs in. */
export type ReadFate = "gone" | "signed-out" | "later";

/** `status`: as HTTP has it. */
export function afterFailure([, sessionId]: Due, status: number): ReadFate {
  if (sessionId !== undefined && (status === 404 || status === 403)) return "gone";
  return status === 401 ? "signed-out" : "later";
}

/** The newest page does not reach back to what is known: the pages between are to be read first. */
export function leavesGap(window: MessageWindow | undefined, response: MessagesResponse): boolean {
  const { epoch, hasMore } = response.page;
  return !!window?.syncedTo && window.epoch === epoch && hasMore && !joinsWindow(window, response);
}
