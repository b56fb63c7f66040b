/** Reading what is due. Two things come in pages: the list, newest sessions first, and the rows of a session since it was read. */
import {
  applyPage,
  type Due,
  leavesGap,
  type SyncState,
  wantList,
  withListed,
  withMachines,
  withoutDoubtful,
  withoutUnlisted,
  withSession,
} from "@hapi/core";
import type { MessagesResponse } from "@hapi/protocol";
import type { HubApi } from "./rest.ts";

/** Entries of the list in its first page (some 20 KB) and in the following ones. */
const FIRST_LISTED = 25;
const LISTED = 250;
/** Pages read forward to close a gap; a longer one starts over from the newest page. */
const MAX_TAIL_PAGES = 5;

export interface SyncPages {
  api: HubApi;
  pageSize: number;
  allMachines?: boolean | undefined;
  /** As it is now. */
  state(): SyncState;
  change(state: SyncState): void;
  /** A page of the list is in. */
  listed(): void;
  /** `put` gets the state as it is when the answer comes. */
  read<T>(call: (signal: AbortSignal) => Promise<T>, put: (current: SyncState, answer: T) => SyncState): Promise<void>;
}

export async function readDue(pages: SyncPages, [kind, id]: Due): Promise<void> {
  const { api, allMachines, read } = pages;
  if (kind === "list") return listAgain(pages);
  if (kind === "machines") return read((signal) => api.machines.list({ all: allMachines }, signal), withMachines);
  return kind === "session" ? readSession(pages, id) : readTail(pages, id);
}

export function readSession({ api, read }: SyncPages, id: string): Promise<void> {
  return read((signal) => api.sessions.get(id, signal), withSession);
}

async function listAgain(pages: SyncPages): Promise<void> {
  const { state, change } = pages;
  change(wantList(state(), false));
  try {
    await readList(pages, state().summaries);
  } catch (cause) {
    change(wantList(state()));
    throw cause;
  }
}

/** The newest sessions at once, in a page a phone gets in a moment; the others behind them. `before`: what was listed when it began. */
async function readList({ api, read, listed }: SyncPages, before: SyncState["summaries"]): Promise<void> {
  const seen = new Set<string>();
  let cursor: string | null = "";
  while (cursor !== null) {
    const from: string = cursor;
    await read(
      (signal) => api.sessions.page(from, from === "" ? FIRST_LISTED : LISTED, signal),
      (current, { sessions, next }) => {
        cursor = next;
        for (const { id } of sessions) seen.add(id);
        const listedNow = withListed(current, sessions);
        return next === null ? withoutUnlisted(listedNow, before, seen) : listedNow;
      },
    );
    listed();
  }
}

/** The newest page; before it the pages between, where it does not reach back to what is known. */
async function readTail(pages: SyncPages, id: string): Promise<void> {
  const { api, read, pageSize } = pages;
  const latest = (signal: AbortSignal): Promise<MessagesResponse> => api.messages.page(id, { limit: pageSize }, signal);
  let isFar = false;
  await read(latest, (current, page) => {
    isFar = leavesGap(current.windows[id], page);
    return isFar ? withoutDoubtful(current, id, page) : applyPage(current, id, page);
  });
  if (!isFar) return;
  await readForward(pages, id);
  await read(latest, (current, page) => applyPage(current, id, page));
}

async function readForward({ api, state, read, pageSize }: SyncPages, id: string): Promise<void> {
  for (let pages = 0; pages < MAX_TAIL_PAGES; pages += 1) {
    const window = state().windows[id];
    if (!window?.syncedTo || window.epoch === null) return;
    const { syncedTo: after, epoch } = window;
    let hasMore = false;
    await read(
      (signal) => api.messages.page(id, { limit: pageSize, after, epoch }, signal),
      (current, page) => {
        hasMore = page.page.hasMore && page.page.direction === "after";
        return applyPage(current, id, page, { after });
      },
    );
    if (!hasMore) return;
  }
}
