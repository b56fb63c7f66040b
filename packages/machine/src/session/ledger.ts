/**
 * The session's own durable facts: prompt stages, open requests and their answers, events the hub has not taken yet, read offsets, where the
 * session stands. One writer, one file. A change is visible in `state` at once and durable when `write` resolves; the order of the file is the
 * order of the calls. What an agent said is not kept here: its own record is the journal of that.
 */
import { join } from "node:path";
import type { DriverMemory } from "@hapi/agents";
import { openJournal } from "@hapi/platform";
import { asWritten } from "./ledger-older.ts";
import { applyEntry, emptyState, type Facts, type LedgerEntry, type LedgerState, snapshotOf } from "./ledger-state.ts";

export const LEDGER_FILE = "ledger.jsonl";
/** Room for a full backlog twice (the file is rewritten when it is full) and for everything else. */
const MAX_BYTES = 128 * 1024 * 1024;
/** Below this size rewriting is not worth it; above, the file may grow to this many times what it held after the last rewrite. */
const COMPACT_FLOOR_BYTES = 4 * 1024 * 1024;
const COMPACT_FACTOR = 4;

export interface Ledger {
  readonly state: LedgerState;
  /** Resolves when the entries are on disk, together or not at all. */
  write(...entries: LedgerEntry[]): Promise<void>;
  setFacts(patch: Partial<Facts>): Promise<void>;
  readonly memory: DriverMemory;
  readonly lostLines: number;
  /** Called with the cause when a write failed: nothing that follows can be trusted to be kept. */
  onFailure(listener: (cause: unknown) => void): void;
  close(): Promise<void>;
}

/** A line is missing that was on disk, perhaps the one that says that a waiting prompt was given away: the agent's record is asked first. */
function doubt(state: LedgerState): void {
  for (const prompt of state.prompts.values()) if (prompt.stage === "queued") prompt.stage = "handing";
}

export async function openLedger(dir: string, options: { maxBytes?: number } = {}): Promise<Ledger> {
  const state = emptyState();
  const journal = await openJournal(join(dir, LEDGER_FILE), {
    maxBytes: options.maxBytes ?? MAX_BYTES,
    snapshot: () => [[{ k: "snapshot", state: snapshotOf(state) } satisfies LedgerEntry]],
  });
  for (const record of journal.recovered) for (const entry of record as LedgerEntry[]) applyEntry(state, asWritten(entry));
  if (journal.isDamaged) {
    doubt(state);
    await journal.compact();
  }
  let compactedBytes = 0;
  let failure: ((cause: unknown) => void) | undefined;

  const compactIfGrown = async (): Promise<void> => {
    if (journal.sizeBytes < Math.max(COMPACT_FLOOR_BYTES, compactedBytes * COMPACT_FACTOR)) return;
    compactedBytes = Number.POSITIVE_INFINITY;
    await journal.compact();
    compactedBytes = journal.sizeBytes;
  };
  const write = async (...entries: LedgerEntry[]): Promise<void> => {
    for (const entry of entries) applyEntry(state, entry);
    try {
      await journal.append(entries);
      await compactIfGrown();
    } catch (cause) {
      failure?.(cause);
      throw cause;
    }
  };
  return {
    state,
    write,
    setFacts: (patch) => write({ k: "facts", patch }),
    memory: {
      get: <T>(key: string) => state.memory[key] as T | undefined,
      commit: (values) => write({ k: "memory", values }),
    },
    get lostLines() {
      return journal.lostLines;
    },
    onFailure(listener) {
      failure = listener;
    },
    close: () => journal.close(),
  };
}
