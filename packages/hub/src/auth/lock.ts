/**
 * Lock everything: one word, and nobody but this computer's own programs gets in; nothing is sent, started or answered until the word is taken back
 * here. What runs goes on until it asks. It is in force before it is on the disk, and on the disk before anybody hears that it is; a file that
 * can't be read counts as locked.
 */
import { readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Clock, syncDir, writeFileAtomic } from "@hapi/platform";
import { AppError } from "@hapi/protocol";
import type { Scope } from "@hapi/protocol/scopes";
import type { Caller } from "./caller.ts";

/** Since when in ms, and the name of the sign-in that said so. */
export interface LockState {
  since: number;
  by: string;
}

export interface LockStore {
  read(): LockState | null;
  /** Durable when it returns. Null: unlocked. */
  write(state: LockState | null): void;
}

/** What goes on while it is locked: looking, at what is there and at who may come in. */
const OPEN = new Set<Scope>(["sessions:read", "terminal:read", "files:read", "admin", "machine:act", "session:act"]);
/** Calls that only end something: on the wire. */
const ENDS = new Set(["abort", "killSession", "stop-session", "forget-session", "cancel-retry"]);

export interface Lock {
  /** Null: not locked. */
  readonly state: LockState | null;
  /** @throws `hub_locked` for callers elsewhere */
  checkCaller(caller: Pick<Caller, "isLocal">): void;
  /** @throws `hub_locked` for what sends, starts, answers or changes */
  checkScope(scope: Scope): void;
  /** The same for a call to a session or machine. */
  checkCall(call: { wire: string; scope: Scope }): void;
  /** Also where it is locked already: it says it again to the disk. */
  lock(by: string): LockState;
  unlock(): void;
  /** `end` is called once it is locked, also where it is already; never for this computer's. @returns to be called when what it is for is over */
  whileOpen(caller: Pick<Caller, "isLocal">, end: () => void): () => void;
  /** For streams, which say only when they begin whether it is locked. */
  whileUnchanged(end: () => void): () => void;
}

export function createLock({ store, clock }: { store: LockStore; clock: Pick<Clock, "now"> }): Lock {
  let state = store.read();
  const elsewhere = new Set<() => void>();
  const watching = new Set<() => void>();
  const refuse = (): void => {
    if (state !== null) throw new AppError("hub_locked", undefined, { details: { lockedAt: state.since } });
  };
  const watch = (where: Set<() => void>, end: () => void): (() => void) => {
    where.add(end);
    return () => where.delete(end);
  };
  const tell = (where: Set<() => void>): void => {
    for (const end of [...where]) end();
  };
  return {
    get state() {
      return state;
    },
    checkCaller({ isLocal }) {
      if (!isLocal) refuse();
    },
    checkScope(scope) {
      if (!OPEN.has(scope)) refuse();
    },
    checkCall({ wire, scope }) {
      if (!OPEN.has(scope) && !ENDS.has(wire)) refuse();
    },
    lock(by) {
      const isNew = state === null;
      state ??= { since: clock.now(), by };
      tell(elsewhere);
      if (isNew) tell(watching);
      store.write(state);
      return state;
    },
    unlock() {
      store.write(null);
      state = null;
      tell(watching);
    },
    whileOpen({ isLocal }, end) {
      if (isLocal) return () => undefined;
      if (state !== null) queueMicrotask(end);
      return watch(elsewhere, end);
    },
    whileUnchanged: (end) => watch(watching, end),
  };
}

export const memoryLock = (): LockStore => ({ read: () => null, write: () => undefined });

/** Beside the database and not in it: a restore of an older one unlocks nothing. */
export function fileLock(home: string): LockStore {
  const path = join(home, "locked.json");
  return {
    read() {
      let text: string;
      try {
        text = readFileSync(path, "utf8");
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code === "ENOENT") return null;
        return unreadable;
      }
      return parseState(text);
    },
    write(state) {
      if (state !== null) return writeFileAtomic(path, `${JSON.stringify(state)}\n`, { mode: 0o600 });
      rmSync(path, { force: true });
      syncDir(dirname(path));
    },
  };
}

const unreadable: LockState = { since: 0, by: "a file that can't be read" };

function parseState(text: string): LockState {
  try {
    const { since, by } = JSON.parse(text) as Partial<LockState>;
    return typeof since === "number" && typeof by === "string" ? { since, by } : unreadable;
  } catch {
    // Damaged: whoever wrote it meant it to be locked.
    return unreadable;
  }
}
