/** A tiny hub in memory for property tests: messages of one session, pages by the contract's algorithm, and the events it would push. */
import type { Message, MessagesResponse, PromptStage, SyncEvent } from "@hapi/protocol";
import { canAdvance } from "../stages.ts";
import { comparePositions, compareRows, isQueued, positionOf } from "./rows.ts";
import type { PageRequest } from "./window.ts";

export const modelSession = "s1";
type Unaddressed = SyncEvent extends infer E ? (E extends { sessionId: string } ? Omit<E, "sessionId"> : never) : never;

export function createModelHub() {
  const rows = new Map<string, Message>();
  let clock = 1000;
  let seq = 0;
  let epoch = 0;
  const events: SyncEvent[] = [];

  const push = (event: Unaddressed): void => {
    events.push({ ...event, sessionId: modelSession } as SyncEvent);
  };
  const insert = (row: Omit<Message, "id" | "seq" | "createdAt">): void => {
    seq += 1;
    clock += 1;
    const whole = { ...row, id: `m${seq}`, seq, createdAt: clock } as Message;
    rows.set(whole.id, whole);
    push({ type: "message-received", message: whole });
  };
  const local = (localId: string): Message | undefined => [...rows.values()].find((row) => row.localId === localId);
  const placed = (): Message[] => [...rows.values()].filter((row) => !isQueued(row)).sort(compareRows);
  const queued = (): Message[] => [...rows.values()].filter(isQueued).sort(compareRows);

  return {
    placed,
    queued,
    /** Events pushed since the last call. */
    takeEvents: (): SyncEvent[] => events.splice(0),
    agentSays: (text: string): void => {
      clock += 1;
      insert({
        localId: null,
        content: { role: "agent", content: { type: "codex", data: { type: "message", message: text } } },
        invokedAt: clock + 1,
      });
    },
    prompt: (localId: string): void => {
      if (local(localId)) return;
      insert({ localId, content: { role: "user", content: { type: "text", text: localId } }, invokedAt: null, stage: "accepted" });
    },
    /** One of them is said to wait, the others not any more. */
    waits: (localId: string): void => {
      const row = local(localId);
      if (!row || !isQueued(row) || row.stage !== "accepted" || row.deliveryState !== undefined) return;
      for (const { waiting: _before, ...rest } of queued()) rows.set(rest.id, rest);
      clock += 1;
      const waiting = { for: "turn", since: clock };
      rows.set(row.id, { ...row, waiting });
      push({ type: "prompts-waiting", prompts: [{ localId, waiting }] });
    },
    consume: (localId: string): void => {
      const row = local(localId);
      if (!row || !isQueued(row)) return;
      clock += 1;
      const { deliveryState: _settled, waiting: _over, ...rest } = row;
      rows.set(row.id, { ...rest, invokedAt: clock });
      push({ type: "messages-consumed", localIds: [localId], invokedAt: clock });
    },
    requeue: (localId: string): void => {
      const row = local(localId);
      // What an agent has taken is never queued again.
      if (!row || !isQueued(row) || row.deliveryState === undefined) return;
      const { deliveryState: _settled, ...rest } = row;
      rows.set(row.id, { ...rest, invokedAt: null, ...(row.stage === undefined ? {} : { stage: "accepted" as const }) });
      push({ type: "messages-requeued", localIds: [localId] });
    },
    cancel: (localId: string): void => {
      const row = local(localId);
      if (!row || !isQueued(row)) return;
      epoch += 1;
      rows.delete(row.id);
      push({ type: "message-cancelled", messageId: localId });
    },
    /** Nobody can say what became of it. */
    indeterminate: (localId: string): void => {
      const row = local(localId);
      if (!row || !isQueued(row) || row.deliveryState === "indeterminate") return;
      const { waiting: _over, ...rest } = row;
      rows.set(row.id, { ...rest, deliveryState: "indeterminate" });
      push({ type: "messages-indeterminate", localIds: [localId] });
    },
    /** Another history. */
    rewrite: (): void => {
      epoch += 1;
      for (const row of placed()) rows.delete(row.id);
      push({ type: "messages-invalidated" });
    },
    stage: (localId: string, stage: PromptStage): void => {
      const row = local(localId);
      if (!row || !canAdvance(row.stage, stage)) return;
      const { waiting: _over, ...rest } = row;
      rows.set(row.id, { ...rest, stage });
      push({ type: "message-stage", localId, stage, at: clock });
    },
    page: (limit: number, asked: PageRequest & { epoch?: number } = {}): MessagesResponse => {
      const all = placed();
      const head = all.at(-1);
      const reset = asked.after !== undefined && asked.epoch !== epoch;
      const isAfter = asked.after !== undefined && !reset;
      const direction = asked.before ? "before" : isAfter ? "after" : "latest";
      const pool = all.filter((row) => {
        if (asked.before) return comparePositions(positionOf(row), asked.before) < 0;
        return isAfter && asked.after ? comparePositions(positionOf(row), asked.after) > 0 : true;
      });
      const taken = isAfter ? pool.slice(0, limit) : pool.slice(-limit);
      const first = taken[0];
      const last = taken.at(-1);
      const end = last ? positionOf(last) : asked.after;
      return {
        messages: direction === "latest" ? [...taken, ...queued()].sort(compareRows) : taken,
        page: {
          direction,
          limit,
          epoch,
          reset,
          nextBeforeSeq: isAfter || !first ? null : positionOf(first).seq,
          nextBeforeAt: isAfter || !first ? null : positionOf(first).at,
          nextAfterSeq: isAfter && end ? end.seq : null,
          nextAfterAt: isAfter && end ? end.at : null,
          snapshotHeadSeq: head ? positionOf(head).seq : null,
          snapshotHeadAt: head ? positionOf(head).at : null,
          hasMore: pool.length > taken.length,
        },
      };
    },
  };
}
