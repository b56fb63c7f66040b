/** All stores on one database in memory. */
import { randomUUID } from "node:crypto";
import type { Bus } from "../../../src/events/bus.ts";
import type { EventLog } from "../../../src/events/event-log.ts";
import type { KeepingStore } from "../../../src/keeping/housekeeping.ts";
import type { Expired } from "../../../src/keeping/retention.ts";
import { factsOfRow } from "@hapi/core";
import type { FactStore, StoredFacts } from "../../../src/facts/store.ts";
import type { MachineStore } from "../../../src/machines/store.ts";
import type { Stores, TransactionStores } from "../../../src/stores.ts";
import { type Job, type JobStore, leaseMs, maxClaimed } from "../../../src/jobs/store.ts";
import type { MemoryDatabase, Run } from "./database.ts";
import { memoryMessages } from "./messages.ts";
import type { JobRow, MachineRow, SessionRow } from "./rows.ts";
import { memoryPermissions } from "./requests.ts";
import { memorySessions } from "./sessions.ts";
import { type MemoryParts, sessionRow } from "./tables.ts";

const dayMs = 24 * 3600_000;
const maxLogged = 10_000;

export function memoryStores({ database, bus, now }: { database: MemoryDatabase; bus: Bus; now: () => number }): Stores {
  const run: Run = (work) => database.run(bus, now, work);
  return {
    ...storesOf({ database, run, now }),
    keeping: memoryKeeping({ database, run, now }),
    log: memoryLog({ database, run, now }),
    transaction: (work) => database.transaction(bus, now, (step) => work(storesOf({ database, run: step, now }))),
    durable: () => database.settled(),
    settled: () => database.settled(),
    close: () => database.close(),
  };
}

function storesOf(parts: MemoryParts): TransactionStores {
  const { database, run } = parts;
  return {
    sessions: memorySessions(parts),
    messages: memoryMessages(parts),
    machines: memoryMachines(parts),
    permissions: memoryPermissions(parts),
    facts: memoryFacts(parts),
    stops: {
      put: (stop) => run(() => void database.stops.put(stop.sessionId, stop)),
      get: (sessionId) => run(() => database.stops.get(sessionId) ?? null),
      clear: (sessionId) => run(() => void database.stops.drop(sessionId)),
    },
    jobs: memoryJobs(parts),
    credentials: {
      put: (credential) => run(() => void database.credentials.put(credential.id, structuredClone(credential))),
      all: () => run(() => database.credentials.all().toSorted(byAge)),
    },
    passkeys: {
      put: (passkey) => run(() => void database.passkeys.put(passkey.id, structuredClone(passkey))),
      remove: (id) => run(() => void database.passkeys.drop(id)),
      all: () => run(() => database.passkeys.all().toSorted(byAge)),
    },
    attachments: {
      add: (sessionId, attachment) =>
        run(() => {
          const id = sessionRow(database, sessionId)?.session.id;
          if (id !== undefined) database.attachments.put(`${id}\n${attachment.path}`, attachment);
        }),
      remove: (sessionId, path) =>
        run(() => void database.attachments.drop(`${sessionRow(database, sessionId)?.session.id ?? ""}\n${path}`)),
    },
  };
}

type Aged = { createdAt: number; id: string };
const byAge = (a: Aged, b: Aged): number => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1);

function memoryMachines({ database, run, now }: MemoryParts): MachineStore {
  const { machines } = database;
  const save = (row: MachineRow): MachineRow => machines.put(row.machine.id, row);
  const lease = (
    { machine, activeUntil }: MachineRow,
    change: { active?: boolean; activeAt?: number; activeUntil?: number; health?: unknown },
  ) => ({
    activeUntil: change.activeUntil ?? activeUntil,
    machine: {
      ...machine,
      active: change.active ?? machine.active,
      activeAt: change.activeAt ?? machine.activeAt,
      ...(change.health === undefined ? {} : { health: change.health as Record<string, unknown> }),
    },
  });
  return {
    register: ({ id, namespace, metadata, runnerState }) =>
      run((it) => {
        const known = machines.get(id)?.machine;
        if (known) return known.namespace === namespace ? { kind: "ok", machine: known } : { kind: "denied" };
        const at = now();
        const versions = { metadataVersion: 1, runnerStateVersion: 1 };
        const times = { createdAt: at, updatedAt: at, activeAt: at };
        const machine = { id, namespace, seq: 0, ...times, active: false, metadata, runnerState, ...versions };
        save({ machine, activeUntil: 0 });
        it.log({ namespace, event: { type: "machine-updated", machineId: id, data: machine } });
        return { kind: "ok", machine };
      }),
    get: (id) => run(() => machines.get(id)?.machine ?? null),
    list: (namespace) =>
      run(() =>
        machines
          .all(({ machine }) => machine.namespace === namespace)
          .map(({ machine }) => machine)
          .toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1)),
      ),
    active: () =>
      run(() => machines.all(({ machine }) => machine.active).map(({ machine, activeUntil }) => ({ id: machine.id, activeUntil }))),
    setActive: (id, change) =>
      run((it) => {
        const row = machines.get(id);
        if (!row) return;
        const { machine } = save(lease(row, change));
        const { active, activeAt, namespace } = machine;
        it.log({ namespace, event: { type: "machine-updated", machineId: id, data: { active, activeAt } } });
      }),
    renewLease: (id, change) =>
      run(() => {
        const row = machines.get(id);
        if (row) save(lease(row, change));
      }),
    updateMetadata: (id, expected, next, origin) =>
      run((it) => {
        const row = machines.get(id);
        if (!row) return { kind: "missing" };
        const { metadata, metadataVersion: version, namespace } = row.machine;
        if (expected !== null && expected !== version) return { kind: "mismatch", version, value: metadata };
        const value = next(metadata);
        const data = { ...row.machine, metadata: value, metadataVersion: version + 1, updatedAt: now() };
        save({ ...row, machine: data });
        it.log({ namespace, event: { type: "machine-updated", machineId: id, data }, ...(origin === undefined ? {} : { origin }) });
        return { kind: "success", version: version + 1, value };
      }),
    updateRunnerState: (id, expected, runnerState, origin) =>
      run((it) => {
        const row = machines.get(id);
        if (!row) return { kind: "missing" };
        const { runnerStateVersion: version, namespace } = row.machine;
        if (expected !== version) return { kind: "mismatch", version, value: row.machine.runnerState };
        const data = { ...row.machine, runnerState, runnerStateVersion: version + 1, updatedAt: now() };
        save({ ...row, machine: data });
        it.log({ namespace, event: { type: "machine-updated", machineId: id, data }, ...(origin === undefined ? {} : { origin }) });
        return { kind: "success", version: version + 1, value: runnerState };
      }),
  };
}

function memoryJobs({ database, run }: MemoryParts): JobStore {
  const { jobs } = database;
  const keyOf = ({ kind, key }: { kind: string; key: string }): string => `${kind}\n${key}`;
  const held = (job: Job): JobRow | null => {
    const row = jobs.get(keyOf(job));
    return row?.claim === job.claim ? row : null;
  };
  const free = { claim: "", claimedUntil: null };
  return {
    put: ({ kind, key, due, subject = null, data = null }) =>
      run(() => void jobs.put(keyOf({ kind, key }), { kind, key, due, subject, data: structuredClone(data), attempts: 0, ...free })),
    drop: (kind, key) => run(() => void jobs.drop(keyOf({ kind, key }))),
    next: (kind) =>
      run(() => {
        const times = jobs.all((row) => row.kind === kind && row.due !== null).map((row) => Math.max(row.due ?? 0, row.claimedUntil ?? 0));
        return times.length === 0 ? null : Math.min(...times);
      }),
    claim: (kind, now, { subject } = {}) =>
      run(() => {
        const isFree = ({ claimedUntil: until }: JobRow): boolean => until === null || until <= now || until > now + leaseMs;
        const isWanted = (row: JobRow): boolean => row.kind === kind && (subject === undefined || row.subject === subject);
        const due = jobs.all((row) => isWanted(row) && isFree(row) && row.due !== null && row.due <= now);
        const oldest = due.toSorted((a, b) => (a.due ?? 0) - (b.due ?? 0) || (a.key < b.key ? -1 : 1)).slice(0, maxClaimed);
        return oldest.map((row) => {
          const claimed = { ...row, claim: randomUUID(), claimedUntil: now + leaseMs, attempts: row.attempts + 1 };
          const { due: _due, claimedUntil: _until, ...job } = jobs.put(keyOf(row), claimed);
          return job;
        });
      }),
    done: (job) => run(() => held(job) !== null && jobs.drop(keyOf(job))),
    putOff: (job, due) =>
      run(() => {
        const row = held(job);
        if (row) jobs.put(keyOf(job), { ...row, due, ...free });
      }),
    hurry: (kind, subject, now) =>
      run(() => {
        for (const row of jobs.all((one) => one.kind === kind && one.subject === subject))
          jobs.put(keyOf(row), { ...row, due: now, ...free });
      }),
  };
}

function memoryFacts({ database, run }: MemoryParts): FactStore {
  return {
    after: (place, limit) =>
      run(() =>
        database.facts
          .all((record) => record.place > place)
          .toSorted((a, b) => a.place - b.place)
          .slice(0, limit),
      ),
    ofSession: (sessionId, after, limit) =>
      run(() => {
        const session = sessionRow(database, sessionId);
        if (!session) return { facts: [], next: after, hasMore: false, epoch: 0 };
        const records = recordsOf(database, session).filter(({ place }) => place > after);
        const found = records.slice(0, limit);
        return {
          facts: found.filter(({ facts }) => facts.length > 0),
          next: found.at(-1)?.place ?? after,
          hasMore: records.length > limit,
          epoch: session.epoch,
        };
      }),
    cursor: (consumer) => run(() => database.cursors.get(consumer) ?? database.cursors.put(consumer, database.head)),
    moveCursor: (consumer, place) => run(() => void database.cursors.put(consumer, place)),
  };
}

/** Also those that say nothing, where they are read from rows: a page counts them. */
function recordsOf(database: MemoryDatabase, { session, factsAfter }: SessionRow): StoredFacts[] {
  const { id: sessionId, namespace } = session;
  const before = database.messages.all((row) => row.sessionId === sessionId && row.seq <= factsAfter);
  const stored = database.facts.all((record) => record.sessionId === sessionId && (record.seq === null || record.seq > factsAfter));
  return [
    ...before.map(({ seq, localId, content, position }) => {
      return { place: seq - factsAfter - 1, sessionId, namespace, at: position, seq, facts: factsOfRow(content, localId) };
    }),
    ...stored,
  ].toSorted((a, b) => a.place - b.place);
}

function memoryLog({ database, run }: MemoryParts): EventLog {
  const { entries, floors } = database;
  const of = (namespace: string) => entries.all((entry) => entry.namespace === namespace).toSorted((a, b) => a.seq - b.seq);
  return {
    epoch: "00000001",
    head: () => run(() => database.head),
    after: (namespace, seq, limit) =>
      run(() => {
        if (seq < (floors.get(namespace) ?? 0) || seq > database.head) return null;
        const found = of(namespace).filter((entry) => entry.seq > seq);
        return found.length > limit ? null : found.map(({ seq: place, type, entity, ref }) => ({ seq: place, type, entity, ref }));
      }),
    prune: (now) =>
      run(() => {
        for (const namespace of new Set(entries.all().map((entry) => entry.namespace))) {
          const kept = of(namespace);
          const old = kept.filter(({ at }, index) => at < now - dayMs || index < kept.length - maxLogged);
          for (const { seq } of old) entries.drop(String(seq));
          const floor = old.at(-1)?.seq;
          if (floor !== undefined) floors.put(namespace, floor);
        }
      }),
  };
}

function memoryKeeping({ database, run }: MemoryParts): KeepingStore {
  const isOld = (last: number, days: number | null, now: number): boolean => days !== null && last < now - days * dayMs;
  return {
    expired: (retention, now, limit) =>
      run(() => {
        const aged = database.sessions.all().flatMap(({ session, lastAt, mergedInto }): (Expired & { last: number })[] => {
          const { id, metadata, createdAt, updatedAt, activeAt, active, pinned, globalPinned } = session;
          const isArchived = metadata?.lifecycleState === "archived";
          const last = Math.max(createdAt, updatedAt, lastAt, activeAt, Number(metadata?.lifecycleStateSince ?? 0));
          const isWaiting =
            database.messages.all((row) => row.sessionId === id && row.invokedAt === null && row.localId !== null).length > 0;
          if (active || mergedInto !== null || pinned || globalPinned || isWaiting) return [];
          const byArchive = isArchived && retention.deleteArchivedAfterDays !== null;
          const isDue =
            isOld(last, retention.deleteInactiveAfterDays, now) || (isArchived && isOld(last, retention.deleteArchivedAfterDays, now));
          return isDue ? [{ id, last, rule: byArchive ? "deleteArchivedAfterDays" : "deleteInactiveAfterDays" }] : [];
        });
        const oldest = aged.toSorted((a, b) => a.last - b.last).slice(0, limit);
        return oldest.map(({ id, rule }) => ({ id, rule }));
      }),
    noteDeleted: () => run(() => undefined),
    room: async () => ({ totalBytes: 0, freeBytes: 0, isShrinkable: false }),
    giveBack: async () => undefined,
    scrub: async () => true,
    changes: () => run(() => database.head),
    files: async () => [],
  };
}
