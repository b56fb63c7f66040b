/**
 * The durable log of changes: references, not copies, so that a replay gives current values and a delete leaves nothing behind.
 * `seq` counts over all namespaces and never goes back. Bounded to `maxRows` and `maxAgeMs` per namespace; the floor says from where on it
 * is complete.
 */
import type { PromptHolder } from "@hapi/core";
import type { Sqlite } from "@hapi/platform";
import type { SseCapability, SyncEvent } from "@hapi/protocol";
import type { GroupCommit } from "./group-commit.ts";
import type { EventLog, LogEntry } from "../events/event-log.ts";
import { HubEvent } from "../events/hub-event.ts";

export interface LogDraft {
  namespace: string;
  event: SyncEvent;
  ref?: string;
  needs?: SseCapability;
  origin?: string;
  holder?: PromptHolder;
  render?: () => string;
}

const pruneAtOnce = 1_000;

/** The namespaces of the log, by leaps from one to the next: DISTINCT would read every row. */
const eachNamespace = `WITH RECURSIVE each (name) AS (
  SELECT min(namespace) FROM log
  UNION ALL SELECT (SELECT min(namespace) FROM log WHERE namespace > name) FROM each WHERE name IS NOT NULL)`;

export const logLimits = { maxRows: 10_000, maxAgeMs: 24 * 3600_000 };

export class SqliteEventLog implements EventLog {
  readonly epoch: string;
  readonly #db: Sqlite;
  readonly #commits: GroupCommit<HubEvent>;
  readonly #now: () => number;
  #seq: number;

  constructor(options: { db: Sqlite; commits: GroupCommit<HubEvent>; epoch: string; now: () => number }) {
    this.epoch = options.epoch;
    this.#db = options.db;
    this.#commits = options.commits;
    this.#now = options.now;
    this.#seq = this.#readHead();
    // A number that was given away is not given again.
    options.commits.attach({ forget: () => (this.#seq = Math.max(this.#seq, this.#readHead())) });
  }

  #readHead(): number {
    const rows =
      this.#db.get<{ seq: number | null }>(
        `${eachNamespace} SELECT max((SELECT max(seq) FROM log WHERE namespace = name)) AS seq FROM each`,
      )?.seq ?? 0;
    const floor = this.#db.get<{ seq: number | null }>("SELECT max(seq) AS seq FROM log_floor")?.seq ?? 0;
    return Math.max(rows, floor);
  }

  /** Of the newest entry. Only inside an operation: nobody else writes there. */
  get place(): number {
    return this.#seq;
  }

  async head(): Promise<number> {
    this.#commits.refresh();
    return this.#seq;
  }

  /** Only inside an operation of the group commit: logged with it, delivered after it. @returns its place in the log */
  append(draft: LogDraft): number {
    const seq = ++this.#seq;
    const event = new HubEvent({ ...draft, seq });
    const entity = event.sessionId === undefined ? `machine:${event.machineId}` : `session:${event.sessionId}`;
    this.#db.run(
      "INSERT INTO log (namespace, seq, type, entity, ref, at) VALUES (?, ?, ?, ?, ?, ?)",
      draft.namespace,
      seq,
      draft.event.type,
      entity,
      draft.ref ?? null,
      this.#now(),
    );
    this.#commits.record(event);
    return seq;
  }

  /** Only inside an operation: delivered with it but not logged (leases, what a replay shows anyway). */
  notify(draft: LogDraft): void {
    this.#commits.record(new HubEvent(draft));
  }

  /** Only inside an operation: a deleted session leaves nothing but the fact that it is gone. */
  purge(namespace: string, entity: string): void {
    this.#db.run("DELETE FROM log WHERE namespace = ? AND entity = ?", namespace, entity);
  }

  async after(namespace: string, seq: number, limit: number): Promise<LogEntry[] | null> {
    this.#commits.refresh();
    const floor = this.#db.get<{ seq: number }>("SELECT seq FROM log_floor WHERE namespace = ?", namespace)?.seq ?? 0;
    if (seq < floor || seq > this.#seq) return null;
    const rows = this.#db.all<LogEntry>(
      "SELECT seq, type, entity, ref FROM log WHERE namespace = ? AND seq > ? ORDER BY seq LIMIT ?",
      namespace,
      seq,
      limit + 1,
    );
    return rows.length > limit ? null : rows;
  }

  async prune(now: number): Promise<void> {
    const namespaces = this.#db.all<{ namespace: string }>(`${eachNamespace} SELECT name AS namespace FROM each WHERE name IS NOT NULL`);
    for (const { namespace } of namespaces) {
      const oldest = this.#oldestToKeep(namespace, now);
      if (oldest === null) continue;
      await this.#raiseFloor(namespace, oldest);
      while ((await this.#deleteSome(namespace, oldest)) === pruneAtOnce);
    }
  }

  /** First the floor: a log with rows below it is still right, one with holes above it is not. */
  #raiseFloor(namespace: string, seq: number): Promise<unknown> {
    return this.#commits.write(() =>
      this.#db.run(
        "INSERT INTO log_floor (namespace, seq) VALUES (?, ?) ON CONFLICT (namespace) DO UPDATE SET seq = max(seq, excluded.seq)",
        namespace,
        seq,
      ),
    );
  }

  /** A little per transaction, so that nobody waits for it. */
  #deleteSome(namespace: string, upTo: number): Promise<number> {
    return this.#commits.write(
      () =>
        this.#db.run(
          `DELETE FROM log WHERE namespace = ?1 AND seq IN (
             SELECT seq FROM log WHERE namespace = ?1 AND seq <= ?2 ORDER BY seq LIMIT ${pruneAtOnce})`,
          namespace,
          upTo,
        ).changes,
    );
  }

  /** The newest entry that has to go, or null. */
  #oldestToKeep(namespace: string, now: number): number | null {
    const byCount = this.#db.get<{ seq: number }>(
      "SELECT seq FROM log WHERE namespace = ? ORDER BY seq DESC LIMIT 1 OFFSET ?",
      namespace,
      logLimits.maxRows,
    );
    const byAge = this.#db.get<{ seq: number; at: number }>("SELECT seq, at FROM log WHERE namespace = ? ORDER BY seq LIMIT 1", namespace);
    if (byCount) return byCount.seq;
    if (!byAge || byAge.at >= now - logLimits.maxAgeMs) return null;
    const row = this.#db.get<{ seq: number | null }>(
      "SELECT max(seq) AS seq FROM log WHERE namespace = ? AND at < ?",
      namespace,
      now - logLimits.maxAgeMs,
    );
    return row?.seq ?? null;
  }
}
