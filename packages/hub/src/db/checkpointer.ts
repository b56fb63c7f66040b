/**
 * Folds the WAL back into the database on a thread of its own, so that no reader of the hub waits for it. The thread starts when the WAL
 * first grows past the limit; its program is a string because the hub also runs from one bundled file.
 */
import { statSync } from "node:fs";
import { attempt, type Logger } from "@hapi/platform";

const startAtBytes = 4 * 1024 * 1024;
const everyMs = 2_000;
/** Under steady load SQLite can't begin the WAL anew by itself: from here on the writer is held for a moment. */
const truncateAtBytes = 32 * 1024 * 1024;

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
    self.postMessage({ ok: true });
  } catch (error) {
    self.postMessage({ ok: false, error: String(error) });
  }
};
`;

export interface Checkpointer {
  close(): void;
}

export function startCheckpointer(path: string, log: Logger): Checkpointer {
  let worker: Worker | null = null;
  let busy = false;
  const start = (): Worker => {
    const url = URL.createObjectURL(new Blob([program], { type: "application/javascript" }));
    const started = new Worker(url);
    started.onmessage = ({ data }: MessageEvent<{ ok: boolean; error?: string }>) => {
      busy = false;
      if (!data.ok) log.warn("database.checkpoint_failed", { reason: data.error });
    };
    started.onerror = (event) => {
      busy = false;
      log.warn("database.checkpointer_failed", { reason: event.message });
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
