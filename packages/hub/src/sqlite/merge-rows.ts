/** The two operations that touch every table of a session: folding a second row into the first, and deleting without a trace. */
import type { Metadata } from "@hapi/protocol";
import { bumpEpoch } from "./epochs.ts";
import { parseJson, type SessionRow } from "./session-row.ts";
import { saveRow, type SessionStoreDeps } from "./save-row.ts";

/**
 * An existing CLI makes a second row when it resumes a conversation. Its messages are appended to the first row, its metadata and state
 * win, and its id stays known as an alias.
 */
export function mergeSessions(deps: SessionStoreDeps, fromId: string, intoId: string): boolean {
  const { db, cache, log, now } = deps;
  const from = cache.row(fromId);
  const into = cache.row(intoId);
  if (!from || !into || from.pk === into.pk || from.namespace !== into.namespace) return false;
  cache.flush();
  moveMessages(deps, from, into);
  takeOver(from, into);
  db.run("UPDATE OR IGNORE permission_requests SET session_pk = ? WHERE session_pk = ?", into.pk, from.pk);
  db.run("UPDATE OR IGNORE withdrawn SET session_pk = ? WHERE session_pk = ?", into.pk, from.pk);
  deps.requests.forget(into.pk);
  saveRow(db, into);
  db.run(
    "UPDATE sessions SET last_seq = ?, last_at = ?, has_content = ?, facts_after = ?, worked_seq = ? WHERE pk = ?",
    into.last_seq,
    into.last_at,
    into.has_content,
    into.facts_after,
    into.worked_seq,
    into.pk,
  );
  db.run("UPDATE sessions SET merged_into = ?, tag = NULL, active = 0 WHERE pk = ?", into.id, from.pk);
  db.run("UPDATE aliases SET session_id = ? WHERE session_id = ?", into.id, from.id);
  db.run("INSERT OR REPLACE INTO aliases (alias, session_id, created_at) VALUES (?, ?, ?)", from.id, into.id, now());
  bumpEpoch(deps.db, into.pk);
  cache.drop(from.id);
  cache.removeAliasesOf(from.id);
  cache.addAlias(from.id, into.id);
  cache.changed(into);
  const namespace = into.namespace;
  log.append({ namespace, event: { type: "session-removed", sessionId: from.id } });
  log.append({ namespace, event: { type: "session-updated", sessionId: into.id, data: cache.session(into) } });
  log.append({ namespace, event: { type: "messages-invalidated", sessionId: into.id } });
  return true;
}

function moveMessages({ db }: SessionStoreDeps, from: SessionRow, into: SessionRow): void {
  const offset = into.last_seq;
  // Positions only move forward, so that the order stays what it was and comes after the first row's head.
  db.run(
    `UPDATE OR IGNORE messages SET session_pk = ?, seq = seq + ?, position = max(position, ?), invoked_at = CASE
       WHEN invoked_at IS NULL THEN NULL ELSE max(invoked_at, ?) END WHERE session_pk = ?`,
    into.pk,
    offset,
    into.last_at,
    into.last_at,
    from.pk,
  );
  db.run("DELETE FROM messages WHERE session_pk = ?", from.pk);
  db.run("UPDATE facts SET session_pk = ?, seq = seq + ? WHERE session_pk = ?", into.pk, offset, from.pk);
  // Rows of before that stand behind others now: the facts of all up to them are read from the rows.
  if (from.facts_after > 0) into.facts_after = offset + from.facts_after;
  into.last_seq = offset + from.last_seq;
  into.last_at = Math.max(into.last_at, from.last_at);
}

function takeOver(from: SessionRow, into: SessionRow): void {
  const metadata = { ...parseJson<Metadata>(into.metadata), ...parseJson<Metadata>(from.metadata) } as Metadata;
  const kept = parseJson<Metadata>(into.metadata);
  if (kept?.name !== undefined) metadata.name = kept.name;
  into.metadata = JSON.stringify(metadata);
  into.metadata_version = Math.max(into.metadata_version, from.metadata_version) + 1;
  into.agent_state = from.agent_state ?? into.agent_state;
  into.agent_state_version = Math.max(into.agent_state_version, from.agent_state_version) + 1;
  into.model = from.model ?? into.model;
  into.permission_mode = from.permission_mode ?? into.permission_mode;
  into.active = from.active;
  into.active_at = Math.max(into.active_at, from.active_at);
  into.active_until = from.active_until;
  into.thinking = from.thinking;
  into.thinking_at = from.thinking_at;
  into.turn_started_at = from.turn_started_at;
  into.todos = from.todos ?? into.todos;
  into.todos_updated_at = Math.max(from.todos_updated_at ?? 0, into.todos_updated_at ?? 0) || null;
  // Where its end stands among the rows has changed: what is told next of it is not the same end.
  into.worked_seq = into.last_seq;
  into.last_turn = from.last_turn ?? into.last_turn;
  into.seen_at = Math.max(from.seen_at ?? 0, into.seen_at ?? 0) || null;
  into.has_content = Math.max(into.has_content, from.has_content);
  into.updated_at = Math.max(into.updated_at, from.updated_at);
}

/** The row's removal cascades to messages, requests and attachments. Deleted pages are overwritten (`secure_delete`). */
export function removeSession(deps: SessionStoreDeps, id: string): boolean {
  const { db, cache, log } = deps;
  const row = cache.row(id);
  if (!row) return false;
  cache.flush();
  db.run("DELETE FROM sessions WHERE pk = ? OR merged_into = ?", row.pk, row.id);
  const aliases = db.all<{ alias: string }>("SELECT alias FROM aliases WHERE session_id = ?", row.id);
  db.run("DELETE FROM aliases WHERE session_id = ?", row.id);
  for (const gone of [row.id, ...aliases.map((entry) => entry.alias)]) log.purge(row.namespace, `session:${gone}`);
  cache.drop(row.id);
  cache.removeAliasesOf(row.id);
  log.append({ namespace: row.namespace, event: { type: "session-removed", sessionId: row.id } });
  return true;
}
