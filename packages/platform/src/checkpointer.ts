/**
 * Folds a database's WAL back into it on a thread of its own, so that nobody waits for it. The thread starts when the WAL first grows past
 * the limit; its program is a string because HAPI also runs from one bundled file.
 */
import { statSync } from "node:fs";
import { attempt } from "./ignore.ts";

const program = `
import { Database } from "bun:sqlite";
let db;
self.onmessage = ({ data }) => {
  if (data.path) {
    db = new Database(data.path);
    db.exec("PRAGMA busy_timeout = 2000");
    return;
  }
  try {
    db.query("PRAGMA wal_checkpoint(PASSIVE)").get();
    if (data.truncate) db.query("PRAGMA wal_checkpoint(TRUNCATE)").get();
    self.postMessage({});
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

export interface Checkpointer {
  close(): void;
}

export function startCheckpointer(options: CheckpointerOptions): Checkpointer {
  const { path, startAtBytes = 4 << 20, truncateAtBytes = 32 << 20, everyMs = 2_000, onDone, onFailed } = options;
  let worker: Worker | null = null;
  let busy = false;
  const start = (): Worker => {
    const url = URL.createObjectURL(new Blob([program], { type: "application/javascript" }));
    const started = new Worker(url);
    started.onmessage = ({ data }: MessageEvent<{ failure?: string }>) => {
      busy = false;
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
    worker.postMessage({ truncate: size >= truncateAtBytes });
  }, everyMs);
  timer.unref();
  return {
    close() {
      clearInterval(timer);
      worker?.terminate();
    },
  };
}
