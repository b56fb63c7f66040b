/**
 * Copies a SQLite database that others write to at the same time: one moment of it, packed, without what was deleted. The work is done on
 * a thread of its own and writers are not held; the copy is on the disk when it is said to be done.
 */
import { closeSync, fsyncSync, openSync, statSync } from "node:fs";
import { AppError } from "@hapi/protocol/errors";
import { attempt } from "./ignore.ts";

const program = `
import { Database } from "bun:sqlite";
self.onmessage = ({ data }) => {
  try {
    const db = new Database(data.from);
    db.exec("PRAGMA busy_timeout = 10000");
    if (data.isShrinkable) db.exec("PRAGMA auto_vacuum = INCREMENTAL");
    db.query("VACUUM INTO ?").run(data.to);
    db.close();
    self.postMessage({});
  } catch (error) {
    self.postMessage({ failure: String(error), code: String(error.code ?? "") });
  }
};
`;

export interface CopyOptions {
  from: string;
  /** Must not be there, or be empty. */
  to: string;
  isShrinkable?: boolean;
  onProgress?(writtenBytes: number): void;
  everyMs?: number;
}

export async function copySqlite(options: CopyOptions): Promise<void> {
  const { from, to, isShrinkable = false, onProgress, everyMs = 200 } = options;
  if ((attempt(() => statSync(to).size, "it is not there, as it should be") ?? 0) > 0)
    throw new AppError("backup_exists", `${to} is there already and is not written over.`, { details: { path: to } });
  // Made here, so that nobody else can ever read it.
  closeSync(openSync(to, "a", 0o600));
  const timer = setInterval(() => {
    const size = attempt(() => statSync(to).size, "it is shown as soon as it can be seen");
    if (size !== undefined) onProgress?.(size);
  }, everyMs);
  try {
    await runThread({ from, to, isShrinkable });
  } finally {
    clearInterval(timer);
  }
  const fd = openSync(to, "r+");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function runThread(work: { from: string; to: string; isShrinkable: boolean }): Promise<void> {
  const url = URL.createObjectURL(new Blob([program], { type: "application/javascript" }));
  const worker = new Worker(url);
  return new Promise<void>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<{ failure?: string; code?: string }>) => {
      if (data.failure === undefined) resolve();
      else reject(failureOf(work, data.failure, data.code ?? ""));
    };
    worker.onerror = (event) => reject(new AppError("internal", event.message));
    worker.postMessage(work);
  }).finally(() => {
    worker.terminate();
    URL.revokeObjectURL(url);
  });
}

function failureOf({ from, to }: { from: string; to: string }, text: string, code: string): AppError {
  const cause = new Error(text);
  if (code.startsWith("SQLITE_NOTADB") || code.startsWith("SQLITE_CORRUPT"))
    return new AppError("database_corrupt", `${from} is damaged and can't be copied (${text}). See: hapi hub check`, { cause });
  if (code.startsWith("SQLITE_FULL")) return new AppError("database_full", `There is not enough space for ${to}. Free some.`, { cause });
  return new AppError("disk_failed", `${from} can't be copied to ${to} (${text}).`, { cause });
}
