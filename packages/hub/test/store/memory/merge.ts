/** A second row of a conversation folded into the first, in memory. */
import type { Metadata, Session } from "@hapi/protocol";
import type { MemoryDatabase } from "./database.ts";
import { messageKey, type SessionRow } from "./rows.ts";
import { saveSession } from "./tables.ts";

function moveMessages(database: MemoryDatabase, from: SessionRow, into: SessionRow): void {
  const [fromId, intoId] = [from.session.id, into.session.id];
  const there = database.messages.all((row) => row.sessionId === intoId);
  for (const row of database.messages.all(({ sessionId }) => sessionId === fromId)) {
    database.messages.drop(messageKey(fromId, row.seq));
    const isKnown = there.some((one) => (row.key !== null && one.key === row.key) || (row.localId !== null && one.localId === row.localId));
    if (isKnown) continue;
    const seq = into.lastSeq + row.seq;
    const invokedAt = row.invokedAt === null ? null : Math.max(row.invokedAt, into.lastAt);
    database.messages.put(messageKey(intoId, seq), {
      ...row,
      sessionId: intoId,
      seq,
      invokedAt,
      position: Math.max(row.position, into.lastAt),
    });
  }
}

export function merged(database: MemoryDatabase, from: SessionRow, into: SessionRow): SessionRow {
  const [fromId, intoId] = [from.session.id, into.session.id];
  moveMessages(database, from, into);
  for (const record of database.facts.all(({ sessionId }) => sessionId === fromId)) {
    const seq = record.seq === null ? null : record.seq + into.lastSeq;
    database.facts.put(String(record.place), { ...record, sessionId: intoId, seq });
  }
  for (const other of aliasesOf(database, fromId)) database.aliases.put(other, intoId);
  database.aliases.put(fromId, intoId);
  saveSession(database, { ...from, tag: null, mergedInto: intoId, session: { ...from.session, active: false } });
  const known = new Set(into.requests.map(({ id }) => id));
  return saveSession(database, {
    ...into,
    activeUntil: from.activeUntil,
    lastSeq: into.lastSeq + from.lastSeq,
    lastAt: Math.max(into.lastAt, from.lastAt),
    lastWork: into.lastSeq + from.lastSeq,
    factsAfter: from.factsAfter > 0 ? into.lastSeq + from.factsAfter : into.factsAfter,
    epoch: into.epoch + 1,
    state: from.state ?? into.state,
    requests: [...into.requests, ...from.requests.filter(({ id }) => !known.has(id))].toSorted((x, y) => x.openedAt - y.openedAt),
    end: from.end ?? into.end,
    session: toldOf(from.session, into.session),
  });
}

function aliasesOf({ aliases }: MemoryDatabase, sessionId: string): string[] {
  const found: string[] = [];
  aliases.all((target, alias) => target === sessionId && found.push(alias) > 0);
  return found;
}

/** Who came last knows better, but for the name. */
function toldOf(a: Session, b: Session): Session {
  const metadata = { ...b.metadata, ...a.metadata } as Metadata;
  if (b.metadata?.name !== undefined) metadata.name = b.metadata.name;
  const permissionMode = a.permissionMode ?? b.permissionMode;
  const todos = a.todos ?? b.todos;
  const seenAt = Math.max(a.seenAt ?? 0, b.seenAt ?? 0);
  return {
    ...b,
    metadata,
    metadataVersion: Math.max(a.metadataVersion, b.metadataVersion) + 1,
    agentStateVersion: Math.max(a.agentStateVersion, b.agentStateVersion) + 1,
    model: a.model ?? b.model,
    active: a.active,
    activeAt: Math.max(a.activeAt, b.activeAt),
    thinking: a.thinking,
    thinkingAt: a.thinkingAt,
    activeTurnStartedAt: a.activeTurnStartedAt,
    todosUpdatedAt: Math.max(a.todosUpdatedAt ?? 0, b.todosUpdatedAt ?? 0),
    hasConversationContent: a.hasConversationContent === true || b.hasConversationContent === true,
    updatedAt: Math.max(a.updatedAt, b.updatedAt),
    ...(permissionMode === undefined ? {} : { permissionMode }),
    ...(todos === undefined ? {} : { todos }),
    ...(seenAt === 0 ? {} : { seenAt }),
  };
}
