/** Pages in memory: each is a slice of everything in its order. */
import type { MessagesResponse, Page } from "@hapi/protocol";
import type { PageQuery } from "../../../src/messages/store.ts";
import { byPosition, isQueued, type MessageRow, toMessage } from "./rows.ts";

/** A page is a slice of everything in its order; the latest carries the whole queue besides. */
export function pageOf(stored: readonly MessageRow[], epoch: number, query: PageQuery): MessagesResponse {
  const all = stored.toSorted(byPosition);
  const isBehind = (row: MessageRow, { at, seq }: { at: number; seq: number }): boolean =>
    row.position > at || (row.position === at && row.seq > seq);
  const page = (more: Partial<Page>): Page => ({ ...emptyPage, direction: query.direction, limit: query.limit, epoch, ...more });
  const isOld = query.direction === "after" && query.epoch !== undefined && query.epoch !== epoch;
  if (query.direction === "latest" || isOld) {
    const slice = all.slice(-query.limit);
    const [oldest, newest] = [slice[0], slice.at(-1)];
    const rows = all.filter((row) => slice.includes(row) || isQueued(row));
    return {
      messages: rows.map(toMessage),
      page: page({ ...places({ before: oldest, head: newest }), direction: "latest", reset: isOld, hasMore: all.length > query.limit }),
    };
  }
  if (query.direction === "before") {
    const older = all.filter((row) => !isBehind(row, { at: query.at, seq: query.seq - 1 }));
    const slice = older.slice(-query.limit);
    return { messages: slice.map(toMessage), page: page({ ...places({ before: slice[0] }), hasMore: older.length > query.limit }) };
  }
  const { until } = query;
  const bounded = until ? all.filter((row) => !isBehind(row, until)) : all;
  const head = until && all.length > bounded.length ? { position: until.at, seq: until.seq } : all.at(-1);
  const newer = bounded.filter((row) => isBehind(row, query));
  const slice = newer.slice(0, query.limit);
  const after = slice.at(-1) ?? { position: query.at, seq: query.seq };
  return { messages: slice.map(toMessage), page: page({ ...places({ after, head }), hasMore: newer.length > query.limit }) };
}

type Place = Pick<MessageRow, "position" | "seq"> | undefined;

const places = ({ before, after, head }: { before?: Place; after?: Place; head?: Place }): Partial<Page> => ({
  nextBeforeAt: before?.position ?? null,
  nextBeforeSeq: before?.seq ?? null,
  nextAfterAt: after?.position ?? null,
  nextAfterSeq: after?.seq ?? null,
  snapshotHeadAt: head?.position ?? null,
  snapshotHeadSeq: head?.seq ?? null,
});

const emptyPage = { reset: false, hasMore: false, ...places({}) } as Page;
