/**
 * What happened in the thread while nobody of ours listened, from its own record: turns newer than the one that was told last, item by item, with the
 * keys they would have had live.
 */
import { fields, list, number, text, type Fields } from "../shared/read.ts";
import type { ServerLink } from "./link.ts";
import { newTurn } from "./state.ts";
import type { Thread } from "./thread.ts";
import { endTurn, itemCompleted, itemStarted, turnCompleted, turnOf } from "./turns.ts";

const LIST_MS = 60_000;
const PAGE = 50;

export interface CatchUp {
  thread: Thread;
  link: ServerLink;
  /** A turn runs, by the server's own word. */
  isActive: boolean;
  /** The same, asked a moment later: of a server that lived all the time. A turn that has just begun does not make its thread active at once (0.171.0). */
  isActiveAfterAll?(): Promise<boolean>;
  room(): Promise<void>;
}

async function* pages(link: ServerLink, method: string, params: Record<string, unknown>): AsyncGenerator<Fields[]> {
  for (let cursor: string | undefined; ;) {
    const page = fields(await link.request(method, { ...params, limit: PAGE, ...(cursor ? { cursor } : {}) }, LIST_MS));
    yield list(page["data"]).map(fields);
    cursor = text(page["nextCursor"]);
    if (cursor === undefined || cursor === "") return;
  }
}

const turnPages = (link: ServerLink, threadId: string) =>
  pages(link, "thread/turns/list", { threadId, sortDirection: "desc", itemsView: "notLoaded" });

/** Oldest first. */
async function newTurns({ thread, link }: CatchUp): Promise<Fields[]> {
  const { threadId, toldTurn } = thread.state;
  const found: Fields[] = [];
  for await (const turns of turnPages(link, threadId)) {
    for (const turn of turns) {
      if (turn["id"] === toldTurn) return found.reverse();
      found.push(turn);
    }
  }
  return found.reverse();
}

/** Of a thread that was somebody's before: what is told begins here. */
export async function beginHere(thread: Thread, link: ServerLink): Promise<void> {
  for await (const [newest] of turnPages(link, thread.state.threadId)) {
    thread.state.toldTurn = text(newest?.["id"]) ?? null;
    return;
  }
}

const isUnfinished = (item: Fields) => item["status"] === "inProgress";

async function readItems({ thread, link, room }: CatchUp, turnId: string, tell: (item: Fields) => void): Promise<void> {
  const { threadId } = thread.state;
  for await (const entries of pages(link, "thread/items/list", { threadId, turnId, sortDirection: "asc" })) {
    for (const entry of entries) tell(withTimes(entry));
    await room();
  }
}

/** Its times may stand beside it. */
function withTimes(entry: Fields): Fields {
  const item = fields(entry["item"]);
  const startedAtMs = number(item["startedAtMs"]) ?? entry["startedAtMs"];
  return { ...item, startedAtMs, completedAtMs: number(item["completedAtMs"]) ?? entry["completedAtMs"] };
}

/**
 * A turn that has only begun is listed as interrupted until its server has noted that it runs (0.171.0: about one in ten that is asked for at once); one
 * that was really stopped has a time. The other kind, which its server did not survive, is over because the thread is not active, or has a newer turn.
 */
const isUnsure = ({ status, completedAt }: Fields) => status !== "completed" && status !== "failed" && number(completedAt) === undefined;

export async function catchUp(at: CatchUp): Promise<void> {
  const { thread } = at;
  const { state } = thread;
  if (state.unread !== null) await readUnread(at, state.unread);
  let unsure: string | null = null;
  for (const said of await newTurns(at)) {
    const id = String(said["id"]);
    // One that is not in the list any more was taken back, there.
    if (state.turn && state.turn.id !== id) thread.change((to) => state.turn && endTurn(to, state.turn, { outcome: "interrupted" }));
    const turn = thread.change((to) => turnOf(to, id, { retry: thread.retries.has(id) }));
    if (!turn) continue;
    await readItems(at, id, (item) =>
      thread.change((to) => {
        if (!isUnfinished(item)) thread.live.done(to, item);
        if (isUnfinished(item)) itemStarted(to, turn, item);
        else itemCompleted(to, turn, item);
      }),
    );
    unsure = isUnsure(said) ? id : null;
    if (unsure === null) thread.change((to) => turnCompleted(to, turn, said));
  }
  if (await mayRun(at, unsure)) return;
  const { turn } = state;
  if (turn) thread.change((to) => endTurn(to, turn, { outcome: "interrupted" }));
}

const mayRun = async ({ isActive, isActiveAfterAll }: CatchUp, unsure: string | null): Promise<boolean> =>
  isActive || (unsure !== null && (await isActiveAfterAll?.()) === true);

/** Its end is told already. */
async function readUnread(at: CatchUp, turnId: string): Promise<void> {
  const { thread } = at;
  const turn = { ...newTurn(turnId, false), begun: true };
  await readItems(at, turnId, (item) => {
    if (!isUnfinished(item) && item["type"] !== "userMessage") thread.change((to) => itemCompleted(to, turn, item));
  });
  thread.state.unread = null;
}
