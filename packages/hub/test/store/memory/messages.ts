/** `MessageStore` in memory: history, the queue and its stages. */
import { randomUUID } from "node:crypto";
import { canAdvance, factsOfRow, turnAfterStage } from "@hapi/core";
import type { Fact, PromptStage, SyncEvent } from "@hapi/protocol";
import {
  maxQueued,
  type MessageStore,
  type NewPrompt,
  type NewRow,
  type StageReport,
  type StoredPrompt,
} from "../../../src/messages/store.ts";
import type { Told, Work } from "./database.ts";
import { pageOf } from "./pages.ts";
import { byPosition, isQueued, messageKey, type MessageRow, type SessionRow, toMessage } from "./rows.ts";
import { laterEnd, type MemoryParts, saveEnd, saveFacts, saveSession, sessionRow } from "./tables.ts";

const keepWithdrawnMs = 30 * 24 * 3600_000;
const maxBetween = 50;

const isHanded = ({ stage, localId }: MessageRow): boolean => (stage === "handed" || stage === "in-transcript") && localId !== null;
const leavesQueue = (stage: PromptStage): boolean => stage !== "accepted" && stage !== "unknown";
const bySeq = (a: MessageRow, b: MessageRow): number => a.seq - b.seq;

export function memoryMessages({ database, run, now }: MemoryParts): MessageStore {
  const rowsOf = (sessionId: string): MessageRow[] => {
    const id = sessionRow(database, sessionId)?.session.id;
    return database.messages.all((row) => row.sessionId === id).toSorted(bySeq);
  };
  const byLocalId = (sessionId: string, localIds: readonly string[]): MessageRow[] => {
    const rows = rowsOf(sessionId);
    return localIds.flatMap((localId) => rows.find((row) => row.localId === localId) ?? []);
  };
  const queueOf = (sessionId: string): MessageRow[] => rowsOf(sessionId).filter(isQueued);
  const everywhere = (where: (row: MessageRow) => boolean): { row: MessageRow; session: SessionRow }[] =>
    database.messages.all(where).flatMap((row) => {
      const session = sessionRow(database, row.sessionId);
      return session ? [{ row, session }] : [];
    });
  const save = (row: MessageRow): MessageRow => database.messages.put(messageKey(row.sessionId, row.seq), row);
  const log = (it: Work, { session: { namespace } }: SessionRow, event: SyncEvent, more: Partial<Told> = {}): number =>
    it.log({ namespace, event, ...more });
  const changed = (sessionId: string, work: (it: Work, session: SessionRow) => void): Promise<void> =>
    run((it) => {
      const session = sessionRow(database, sessionId);
      if (session) work(it, session);
    });

  /** At the head of its session: it never goes back. */
  const add = (session: SessionRow, row: Omit<MessageRow, "sessionId" | "seq" | "id" | "position">, isContent: boolean): MessageRow => {
    const [seq, position] = [session.lastSeq + 1, Math.max(now(), session.lastAt)];
    const { id: sessionId, updatedAt, hasConversationContent } = session.session;
    const has = isContent || hasConversationContent === true;
    const told = { ...session.session, updatedAt: Math.max(updatedAt, position), hasConversationContent: has };
    saveSession(database, { ...session, lastSeq: seq, lastAt: position, session: told });
    const id = `${String(position).padStart(16, "0")}-${randomUUID()}`;
    return save({ ...row, sessionId, seq, id, position });
  };

  const invoke = (it: Work, session: SessionRow, rows: readonly MessageRow[], steered: boolean): void => {
    if (rows.length === 0) return;
    const at = Math.max(now(), session.lastAt + 1);
    for (const row of rows) save({ ...row, invokedAt: at, position: at, delivery: "queued", steered });
    saveSession(database, { ...session, lastAt: at });
    const localIds = rows.map((row) => row.localId as string);
    const { id: sessionId } = session.session;
    const event: SyncEvent = { type: "messages-consumed", sessionId, localIds, invokedAt: at, ...(steered ? { steered } : {}) };
    log(it, session, event, { ref: JSON.stringify(localIds) });
  };

  const staged = (it: Work, sessionId: string, report: StageReport): void => {
    const session = sessionRow(database, sessionId);
    const before = session?.end ?? null;
    if (!session || (before && before.turn.localId !== report.localId && report.at < before.saidAt)) return;
    const turn = turnAfterStage(before?.turn ?? null, report, Math.max(now(), session.lastAt));
    if (turn !== undefined) saveEnd(it, database, session, turn && { turn, seq: 0, saidAt: report.at });
  };

  const setDelivery = (sessionId: string, localIds: readonly string[], state: string): Promise<void> =>
    changed(sessionId, (it, session) => {
      const rows = byLocalId(sessionId, localIds).filter((row) => row.invokedAt === null && row.delivery !== state);
      for (const row of rows) save({ ...row, delivery: state });
      const names = rows.map((row) => row.localId as string);
      const event: SyncEvent = { type: "messages-indeterminate", sessionId: session.session.id, localIds: names };
      if (rows.length > 0 && state === "indeterminate") log(it, session, event, { ref: JSON.stringify(names) });
    });

  return {
    append: (sessionId, row) => run((it) => append(it, sessionId, row)),
    enqueue: (sessionId, prompt) => run((it) => enqueue(it, sessionId, prompt)),
    page: (sessionId, query) => run(() => pageOf(rowsOf(sessionId), sessionRow(database, sessionId)?.epoch ?? 0, query)),
    since: (sessionId, afterSeq, limit, at) =>
      run(() =>
        rowsOf(sessionId)
          .filter((row) => row.seq > afterSeq && row.delivery === "queued" && (isDue(row, at) || row.invokedAt !== null))
          .slice(0, limit)
          .map(toMessage),
      ),
    find: (sessionId, name) =>
      run(() => {
        const rows = rowsOf(sessionId);
        const row = rows.find(({ localId }) => localId === name) ?? rows.find(({ id }) => id === name);
        return row ? toMessage(row) : null;
      }),
    findLocal: (sessionId, localIds) => run(() => byLocalId(sessionId, localIds).map(toMessage)),
    deliverable: (sessionId, at) =>
      run(() => {
        const { id, namespace = "" } = sessionRow(database, sessionId)?.session ?? {};
        const due = queueOf(sessionId).filter((row) => row.delivery === "queued" && isDue(row, at));
        return due.map((row) => ({ sessionId: id ?? sessionId, namespace, message: toMessage(row), wake: row.wake }));
      }),
    markSent: (sessionId, localIds) =>
      changed(sessionId, () => byLocalId(sessionId, localIds).forEach((row) => save({ ...row, holder: "session" }))),
    returned: (sessionId, localIds) =>
      changed(sessionId, () => byLocalId(sessionId, localIds).forEach((row) => isQueued(row) && save({ ...row, holder: "hub" }))),
    holderOf: (sessionId, localId) => run(() => byLocalId(sessionId, [localId])[0]?.holder ?? "hub"),
    waitingRows: (sessionId, limit) =>
      run(() =>
        queueOf(sessionId)
          .filter((row) => row.delivery === "queued")
          .slice(0, limit)
          .map(({ localId, createdAt, scheduledAt, wake }) => ({
            localId: localId ?? "",
            acceptedAt: createdAt,
            scheduledAt,
            wakes: wake,
          })),
      ),
    handedRows: (sessionId, until, limit) =>
      run(() =>
        rowsOf(sessionId)
          .filter((row) => isHanded(row) && (row.invokedAt ?? Number.POSITIVE_INFINITY) <= until)
          .slice(0, limit)
          .map(({ localId, createdAt, invokedAt }) => ({
            localId: localId ?? "",
            acceptedAt: createdAt,
            scheduledAt: null,
            wakes: false,
            handedAt: invokedAt ?? 0,
          })),
      ),
    sessionsWithQueue: (limit) => run(() => idsOf(everywhere((row) => isQueued(row) || isHanded(row))).slice(0, limit)),
    waitingToWake: (at) =>
      run(() => {
        const waiting = everywhere((row) => isQueued(row) && row.wake && row.delivery === "queued" && isDue(row, at));
        return idsOf(waiting.filter(({ session }) => !session.session.active));
      }),
    rest: (sessionId) => changed(sessionId, () => queueOf(sessionId).forEach((row) => save({ ...row, wake: false }))),
    consume: (sessionId, localIds, steered) =>
      changed(sessionId, (it, session) =>
        invoke(
          it,
          session,
          byLocalId(sessionId, localIds).filter((row) => row.invokedAt === null),
          steered,
        ),
      ),
    indeterminate: (sessionId, localIds) => setDelivery(sessionId, localIds, "indeterminate"),
    steerState: setDelivery,
    requeue: (sessionId, localIds) =>
      changed(sessionId, (it, session) => {
        const rows = byLocalId(sessionId, localIds).filter((row) => row.invokedAt === null && row.delivery !== "queued");
        if (rows.length === 0) return;
        for (const row of rows) save({ ...row, delivery: "queued", stage: "accepted", detail: null });
        const names = rows.map((row) => row.localId as string);
        const event: SyncEvent = { type: "messages-requeued", sessionId: session.session.id, localIds: names };
        log(it, session, event, { ref: JSON.stringify(names) });
        for (const localId of names) staged(it, sessionId, { localId, stage: "accepted", at: now() });
      }),
    stage: (sessionId, report) =>
      changed(sessionId, (it, session) => {
        const [row] = byLocalId(sessionId, [report.localId]);
        if (!row || !canAdvance(row.stage, report.stage)) return;
        const isUnknown = report.stage === "unknown" && row.invokedAt === null;
        const next = save({
          ...row,
          stage: report.stage,
          detail: report.detail ?? null,
          ...(isUnknown ? { delivery: "indeterminate" } : {}),
        });
        if (row.invokedAt === null && leavesQueue(report.stage)) invoke(it, session, [next], false);
        const { id } = session.session;
        const names = [report.localId];
        if (isUnknown) log(it, session, { type: "messages-indeterminate", sessionId: id, localIds: names }, { ref: JSON.stringify(names) });
        log(it, session, { type: "message-stage", sessionId: id, ...report }, { needs: "stages", ref: report.localId });
        staged(it, sessionId, report);
      }),
    note: (sessionId, localIds, detail) =>
      changed(sessionId, (it, session) => {
        for (const row of byLocalId(sessionId, localIds)) {
          if (row.invokedAt !== null) continue;
          const message = toMessage(save({ ...row, detail }));
          log(it, session, { type: "message-received", sessionId: session.session.id, message }, { ref: row.id });
        }
      }),
    cancel: (sessionId, localId, urlId) =>
      run((it) => {
        const session = sessionRow(database, sessionId);
        const [row] = byLocalId(sessionId, [localId]);
        if (!session || !row || !isQueued(row)) return false;
        const { id } = session.session;
        database.messages.drop(messageKey(id, row.seq));
        database.withdrawn.put(`${id}\n${localId}`, now());
        saveSession(database, { ...session, epoch: session.epoch + 1 });
        const about = { messageId: urlId, localId };
        log(it, session, { type: "message-cancelled", sessionId: id, ...about }, { ref: JSON.stringify(about) });
        return true;
      }),
    matured: (prompts) =>
      run((it) => {
        const due = new Map<string, SessionRow>();
        for (const { sessionId, localId } of prompts) {
          const session = sessionRow(database, sessionId);
          const [row] = byLocalId(sessionId, [localId]);
          if (session && row?.invokedAt === null) due.set(session.session.id, session);
        }
        for (const [sessionId, session] of due) log(it, session, { type: "scheduled-matured", sessionId });
        return [...due.keys()];
      }),
    scheduledCounts: (namespace, at) =>
      run(() => {
        const counts = new Map<string, { count: number; next: number }>();
        for (const { row, session } of everywhere(({ invokedAt, scheduledAt }) => invokedAt === null && (scheduledAt ?? at) > at)) {
          if (session.session.namespace !== namespace) continue;
          const known = counts.get(session.session.id) ?? { count: 0, next: Number.POSITIVE_INFINITY };
          counts.set(session.session.id, { count: known.count + 1, next: Math.min(known.next, row.scheduledAt ?? 0) });
        }
        return counts;
      }),
    count: (sessionId) =>
      run(() => {
        const rows = rowsOf(sessionId);
        return { messages: rows.length, bytes: rows.reduce((sum, { content }) => sum + JSON.stringify(content).length, 0) };
      }),
    all: (sessionId) => run(() => rowsOf(sessionId).toSorted(byPosition).map(toMessage)),
    hasHistory: (sessionId) => run(() => rowsOf(sessionId).some((row) => row.invokedAt !== null)),
    copyHistory: (fromId, toId, beforeLocalId) =>
      run((it) => {
        const [from, to] = [sessionRow(database, fromId), sessionRow(database, toId)];
        if (!from || !to) return;
        const [cut] = beforeLocalId === undefined ? [] : byLocalId(fromId, [beforeLocalId]);
        const { id } = to.session;
        for (const row of rowsOf(fromId)) {
          if (row.invokedAt === null || (cut && byPosition(row, cut) >= 0)) continue;
          save({
            ...row,
            sessionId: id,
            id: `${id}:${row.seq}`,
            scheduledAt: null,
            delivery: "queued",
            steered: false,
            wake: false,
            holder: "hub",
          });
        }
        const hasConversationContent = to.session.hasConversationContent === true || from.session.hasConversationContent === true;
        const updatedAt = Math.max(to.session.updatedAt, from.lastAt);
        const session = { ...to.session, hasConversationContent, updatedAt };
        saveSession(database, { ...to, lastSeq: from.lastSeq, lastAt: from.lastAt, factsAfter: from.lastSeq, session });
        log(it, to, { type: "messages-invalidated", sessionId: id });
      }),
  };

  function append(it: Work, sessionId: string, said: NewRow): "stored" | "repeated" | "missing" {
    const session = sessionRow(database, sessionId);
    if (!session) return "missing";
    const localId = said.localId ?? null;
    const known = rowsOf(sessionId);
    if (known.some((row) => (said.key !== undefined && row.key === said.key) || (localId !== null && row.localId === localId)))
      return "repeated";
    const at = Math.max(now(), session.lastAt);
    const createdAt = Math.min(said.createdAt ?? at, at);
    const fresh = { ...unsent, key: said.key ?? null, localId, content: structuredClone(said.content), createdAt };
    const row = add(session, { ...fresh, invokedAt: localId === null ? at : null }, said.isContent);
    const turn = said.turn && { ...said.turn, at };
    const more = said.origin === undefined ? {} : { origin: said.origin };
    tellRow(it, session, { row, facts: said.facts, more });
    if (said.todos) {
      const now = sessionRow(database, sessionId) as SessionRow;
      const version = Math.max(at, (now.session.todosUpdatedAt ?? 0) + 1);
      saveSession(database, { ...now, session: { ...now.session, todos: structuredClone(said.todos), todosUpdatedAt: version } });
      const data = { todos: { version, value: said.todos } };
      log(it, session, { type: "session-updated", sessionId: session.session.id, data });
    }
    if (turn) {
      const now = sessionRow(database, sessionId) as SessionRow;
      const isRepeated = now.end !== null && now.end.seq > 0 && now.lastWork <= now.end.seq && row.seq - now.end.seq - 1 <= maxBetween;
      saveEnd(it, database, now, { turn: laterEnd(now.end, turn, isRepeated), seq: row.seq, saidAt: createdAt });
    }
    if (said.isWork) worked(sessionId, row.seq);
    return "stored";
  }

  function enqueue(it: Work, sessionId: string, prompt: NewPrompt): StoredPrompt {
    const session = sessionRow(database, sessionId);
    if (!session) return { kind: "missing" };
    const { id } = session.session;
    const known = prompt.localId === null ? undefined : byLocalId(id, [prompt.localId])[0];
    const takenBackAt = database.withdrawn.get(`${id}\n${prompt.localId}`);
    if (takenBackAt !== undefined && takenBackAt >= now() - keepWithdrawnMs) return { kind: "withdrawn" };
    if (known) return { kind: "repeated", message: toMessage(known) };
    if (queueOf(id).length >= maxQueued) return { kind: "full" };
    const { scheduledAt, wake, holder } = prompt;
    const localId = prompt.localId ?? randomUUID();
    const createdAt = Math.max(now(), session.lastAt);
    const content = structuredClone(prompt.content);
    const row = add(
      session,
      { ...unsent, localId, content, createdAt, invokedAt: null, scheduledAt, stage: "accepted", wake, holder },
      true,
    );
    worked(id, row.seq);
    const { updatedAt } = (sessionRow(database, id) as SessionRow).session;
    tellRow(it, session, { row, facts: factsOfRow(prompt.content, localId), more: { holder } });
    log(it, session, { type: "session-updated", sessionId: id, data: { updatedAt } });
    return { kind: "stored", message: toMessage(row) };
  }

  function worked(sessionId: string, seq: number): void {
    saveSession(database, { ...(sessionRow(database, sessionId) as SessionRow), lastWork: seq });
  }

  function tellRow(it: Work, session: SessionRow, said: { row: MessageRow; facts: readonly Fact[]; more: Partial<Told> }): void {
    const { row, facts, more } = said;
    const event: SyncEvent = { type: "message-received", sessionId: session.session.id, message: toMessage(row) };
    const place = log(it, session, event, { ref: row.id, ...more });
    saveFacts(it, database, { session, place, at: row.position, seq: row.seq, facts });
  }
}

const unsent = {
  key: null,
  scheduledAt: null,
  stage: null,
  detail: null,
  delivery: "queued",
  steered: false,
  wake: false,
  holder: "hub" as const,
};

const isDue = ({ scheduledAt }: MessageRow, at: number): boolean => scheduledAt === null || scheduledAt <= at;

const idsOf = (rows: readonly { session: SessionRow }[]): string[] => [...new Set(rows.map(({ session }) => session.session.id))];
