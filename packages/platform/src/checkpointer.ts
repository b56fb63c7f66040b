/**
 * Folds a database's WAL back into it on a thread of its own, so that nobody waits for it. The thread starts when the WAL first grows past
 * the limit; its program is a string because HAPI also runs from one bundled file. A reader that stays long (a backup) keeps the WAL from
 * being begun anew: the writer is never held for it, the WAL grows until the reader is done.
 */
import { statSync } from "node:fs";
import { attempt } from "./ignore.ts";

const program = `
import { Database } from "bun:sqlite";
let db;
self.onmessage = ({ data }) => {
  if (data.path) {
    db = new Database(data.path);
    // How long the writer may be held.
    db.exec("PRAGMA busy_timeout = 200");
    return;
  }
  const fold = () => db.query("PRAGMA wal_checkpoint(PASSIVE)").get();
  try {
    const first = fold();
    if (data.truncate) {
      // What is left after the second is what came meanwhile, unless somebody still reads it.
      const { log, checkpointed } = first.log - first.checkpointed > 0 ? fold() : first;
      const isRead = log - checkpointed > data.maxLeft;
      const isHeld = isRead || db.query("PRAGMA wal_checkpoint(TRUNCATE)").get().busy === 1;
      self.postMessage({ isHeld });
    } else self.postMessage({});
  } catch (error) {
    self.postMessage({ failure: String(error) });
  }
};
`;

export interface CheckpointerOptions {
  path: string;
  /** Default 4 MiB: below it nothing happens. */
  startAtBytes?: number;
  /** Under steady load SQLite can't begin the WAL anew by itself: from here on (32 MiB) the writer is held for a moment. */
  truncateAtBytes?: number;
  everyMs?: number;
  onDone?(): void;
  onFailed(reason: string): void;
}

/** Frames that may come while one checkpoint runs. */
const maxLeft = 2_000;
/** Somebody reads what could be thrown away: asked again after so many rounds. */
const roundsWhenHeld = 5;

export interface Checkpointer {
  close(): void;
}

export function startCheckpointer(options: CheckpointerOptions): Checkpointer {
  const { path, startAtBytes = 4 << 20, truncateAtBytes = 32 << 20, everyMs = 2_000, onDone, onFailed } = options;
  let worker: Worker | null = null;
  let busy = false;
  let waitRounds = 0;
  const start = (): Worker => {
    const url = URL.createObjectURL(new Blob([program], { type: "application/javascript" }));
    const started = new Worker(url);
    started.onmessage = ({ data }: MessageEvent<{ failure?: string; isHeld?: boolean }>) => {
      busy = false;
      if (data.isHeld === true) waitRounds = roundsWhenHeld;
      if (data.failure !== undefined) onFailed(data.failure);
      else onDone?.();
    };
    started.onerror = (event) => {
      busy = false;
      onFailed(event.message);
    };
    started.postMessage({ path });
    return started;
  };
  const timer = setInterval(() => {
    const size = attempt(() => statSync(`${path}-wal`).size, "there is no WAL before the first write") ?? 0;
    if (size < startAtBytes || busy) return;
    worker ??= start();
    busy = true;
    waitRounds = Math.max(0, waitRounds - 1);
    worker.postMessage({ truncate: size >= truncateAtBytes && waitRounds === 0, maxLeft });
  }, everyMs);
  timer.unref();
  return {
    close() {
      clearInterval(timer);
      worker?.terminate();
    },
  };
}
