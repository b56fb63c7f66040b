/** What a hub keeps, behind ports; and all of them on one SQLite database, one group commit and one log. */
import type { Clock, Logger, Sqlite } from "@hapi/platform";
import type { CredentialStore } from "./auth/store.ts";
import { sqliteCredentials } from "./sqlite/credentials.ts";
import type { PasskeyStore } from "./auth/passkeys/store.ts";
import { sqlitePasskeys } from "./sqlite/passkeys.ts";
import { GroupCommit, type Writer } from "./sqlite/group-commit.ts";
import type { Bus } from "./events/bus.ts";
import type { EventLog } from "./events/event-log.ts";
import type { Transaction } from "./events/transaction.ts";
import { SqliteEventLog } from "./sqlite/event-log.ts";
import type { HubEvent } from "./events/hub-event.ts";
import type { KeepingStore } from "./keeping/housekeeping.ts";
import { sqliteKeeping } from "./sqlite/keeping.ts";
import type { FactStore } from "./facts/store.ts";
import { sqliteFacts } from "./sqlite/fact-rows.ts";
import type { JobStore } from "./jobs/store.ts";
import { sqliteJobs } from "./sqlite/jobs.ts";
import { SqliteMachineStore } from "./sqlite/machine-store.ts";
import type { MachineStore } from "./machines/store.ts";
import { SqliteMessageStore } from "./sqlite/message-store.ts";
import type { MessageStore } from "./messages/store.ts";
import { RequestRows } from "./sqlite/request-rows.ts";
import { SqlitePermissionStore } from "./sqlite/decision-store.ts";
import type { PermissionStore } from "./permissions/store.ts";
import { sqliteStops } from "./sqlite/stops.ts";
import type { StopStore } from "./sessions/stops.ts";
import { SessionCache } from "./sqlite/session-cache.ts";
import { SqliteSessionStore } from "./sqlite/session-store.ts";
import type { SessionStore } from "./sessions/store.ts";
import { sqliteAttachmentStore } from "./sqlite/attachments.ts";
import type { AttachmentStore } from "./uploads/store.ts";

/** Those that can be written as one. */
export interface TransactionStores {
  sessions: SessionStore;
  messages: MessageStore;
  machines: MachineStore;
  permissions: PermissionStore;
  stops: StopStore;
  jobs: JobStore;
  attachments: AttachmentStore;
  facts: FactStore;
  credentials: CredentialStore;
  passkeys: PasskeyStore;
}

export interface Stores extends TransactionStores {
  keeping: KeepingStore;
  log: EventLog;
  /**
   * All of what `work` writes, or nothing of it; it answers once that is committed. Nobody else writes in between, so `work` asks the
   * stores it is given and waits for nothing else.
   */
  transaction: Transaction<TransactionStores>;
  /** Everything committed so far survives a loss of power. `isPatient`: no person waits for the answer. */
  durable(how?: { isPatient?: boolean }): Promise<void>;
  /** What was read so far will not be taken back; rejects when it was. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

export interface SqliteStores extends Stores {
  /** Runs work of the writing connection where no transaction is open. */
  between<T>(work: () => T): Promise<T>;
}

export interface StoresOptions {
  db: Sqlite;
  epoch: string;
  bus: Bus;
  now: () => number;
  /** For what is written to the disk although nobody waits for it. */
  clock?: Clock;
  logger: Logger;
}

export function sqliteStores({ db, epoch, bus, now, clock, logger }: StoresOptions): SqliteStores {
  const hooks = {
    deliver: (events: readonly HubEvent[]) => bus.publish(events),
    failed: (cause: unknown) => logger.error("database.write_failed", { reason: cause instanceof Error ? cause.stack : String(cause) }),
  };
  const commits = new GroupCommit<HubEvent>(db, hooks, clock);
  const log = new SqliteEventLog({ db, commits, epoch, now });
  const requests = new RequestRows(db, now);
  const cache = new SessionCache({ db, requests, refresh: () => commits.refresh() });
  commits.attach(cache);
  const writtenBy = (writer: Writer): TransactionStores => {
    const shared = { db, commits: writer, log, cache, requests, now };
    return {
      sessions: new SqliteSessionStore(shared),
      messages: new SqliteMessageStore(shared),
      machines: new SqliteMachineStore(shared),
      permissions: new SqlitePermissionStore(shared),
      stops: sqliteStops(shared),
      jobs: sqliteJobs(shared),
      attachments: sqliteAttachmentStore(shared),
      facts: sqliteFacts(shared),
      credentials: sqliteCredentials(shared),
      passkeys: sqlitePasskeys(shared),
    };
  };
  return {
    ...writtenBy(commits),
    keeping: sqliteKeeping({ db, commits, changes: () => log.head() }),
    log,
    transaction: (work) => commits.unit((writer) => work(writtenBy(writer))),
    durable: (how) => commits.durable(how),
    settled: () => commits.settled(),
    between: (work) => commits.betweenTransactions(work),
    close: () => commits.close(),
  };
}
