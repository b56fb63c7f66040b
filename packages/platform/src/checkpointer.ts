/**
 * Folds a database's WAL back into it on a thread of its own, so that nobody waits for it. Once (nearly) all of it is folded the writer
 * folds the rest between two transactions, and its next commit begins the WAL anew: the writer is never locked out, and the file keeps its
 * length (`wal-room.ts`). A reader that stays long (a backup) only makes the WAL grow until it is done.
 * The thread starts when the WAL first grows past the limit; its program is a string because HAPI also runs from one bundled file.
 */
import type { Sqlite, WalState } from "./sqlite.ts";

const program = `
import { Database } from "bun:sqlite";
let db;
self.onmessage = ({ data }) => {
  try {
    if (data.path) db = new Database(data.path);
    else {
      const fold = () => db.query("PRAGMA wal_checkpoint(PASSIVE)").get();
      const first = fold();
      // The second takes what came meanwhile.
      const { log, checkpointed } = first.log > first.checkpointed ? fold() : first;
      self.postMessage({ frames: log, folded: checkpointed });
    }
  } catch (error) {
    self.postMessage({ failure: String(error) });
  }
};
`;

export interface CheckpointerOptions {
  db: Sqlite;
  /** Runs work of the writing connection where no transaction is open. */
  between<T>(work: () => T): Promise<T>;
  /** Default 1,000 (4 MiB of usual pages): with fewer frames nothing happens. */
  startAtFrames?: number;
  /** From so many frames on (1,500, 6 MiB) the WAL is begun anew when it can be. */
  restartAtFrames?: number;
  everyMs?: number;
  onDone?(state: WalState): void;
  onFailed(reason: string): void;
}

/** What the writer folds itself: a millisecond or two. */
const maxLeftFrames = 500;
/**
 * What the WAL is given in advance, a step at a time, a moment after the start: a hub that is not busy begins it anew before it is used up,
 * and so never makes anybody wait for a file that grows.
 */
const reservedBytes = 8 << 20;
const reserveAfterMs = 500;
const reserveEveryMs = 20;

/** Grown beyond by a long reader, the file is cut (frames of 4 KiB pages: 250 MiB). */
const cutAboveFrames = 64_000;

export interface Checkpointer {
  close(): void;
}

export function startCheckpointer(options: CheckpointerOptions): Checkpointer {
  const { db, between, startAtFrames = 1_000, restartAtFrames = 1_500, everyMs = 2_000, onDone, onFailed } = options;
  let worker: Worker | null = null;
  let isBusy = false;
  let isClosed = false;
  const failed = (cause: unknown): void => {
    isBusy = false;
    // The next round begins with a new one, whatever became of it.
    worker?.terminate();
    worker = null;
    if (!isClosed) onFailed(String(cause));
  };
  const start = (): Worker => {
    const url = URL.createObjectURL(new Blob([program], { type: "application/javascript" }));
    const started = new Worker(url);
    started.onmessage = ({ data }: MessageEvent<WalState | { failure: string }>) => {
      if ("failure" in data) failed(data.failure);
      else finish(data).then(onDone, failed);
    };
    started.onerror = (event) => failed(event.message);
    started.postMessage({ path: db.path });
    return started;
  };
  const finish = async ({ frames, folded }: WalState): Promise<WalState> => {
    const mayRestart = frames >= restartAtFrames && frames - folded <= maxLeftFrames;
    const state = mayRestart && !isClosed ? await between(() => db.foldWal({ cut: frames > cutAboveFrames })) : { frames, folded };
    isBusy = false;
    return state;
  };
  const look = async (): Promise<void> => {
    const { frames, folded } = await between(() => db.walState());
    if (isClosed || isBusy || frames < startAtFrames || frames === folded) return;
    isBusy = true;
    worker ??= start();
    worker.postMessage({});
  };
  const reserve = (afterMs: number): void => {
    setTimeout(() => {
      if (isClosed) return;
      db.reserveWal(reservedBytes).then((isLonger) => isLonger && reserve(reserveEveryMs), failed);
    }, afterMs).unref();
  };
  reserve(reserveAfterMs);
  const timer = setInterval(() => {
    if (!isBusy) look().catch(failed);
  }, everyMs);
  timer.unref();
  return {
    close() {
      isClosed = true;
      clearInterval(timer);
      worker?.terminate();
    },
  };
}
