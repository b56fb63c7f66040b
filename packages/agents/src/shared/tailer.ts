/**
 * Follows a growing line file by byte offset. Invariant: every complete line is given once and in order, and the next batch is not read before
 * the reader is done with this one. A file that is not there yet is waited for; one that shrank or was replaced is read from its start
 * (readers deduplicate by key). The system's file events only make it faster: a slow poll finds everything too.
 */
import { type FSWatcher, watch } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { type ByteLine, type ByteLines, createByteLines } from "./byte-lines.ts";

export interface TailerOptions {
  path: string;
  offset: number;
  onLines: (lines: readonly ByteLine[]) => void | Promise<void>;
  /** The file was cut or replaced: lines start at its beginning again. */
  onReset?: () => void;
  onError: (cause: unknown) => void;
  pollMs?: number;
}

export interface Tailer {
  /** Looks now. Resolves when everything that was in the file at the call is read. */
  sync(): Promise<void>;
  /** Start of the first line that was not given yet. */
  readonly offset: number;
  close(): Promise<void>;
}

const READ_BYTES = 256 * 1024;
const POLL_MS = 300;

export function createTailer(options: TailerOptions): Tailer {
  const { path, onLines } = options;
  let lines: ByteLines = createByteLines(options.offset);
  let readTo = options.offset;
  let inode: number | null = null;
  let closed = false;
  let running: Promise<void> | null = null;
  let again = false;
  let watcher: FSWatcher | null = null;

  function restart(): void {
    lines = createByteLines(0);
    readTo = 0;
    options.onReset?.();
  }

  /** A file that is shorter than what was read of it, or another file of the same name, begins anew. */
  async function checkIdentity(file: FileHandle): Promise<void> {
    const facts = await file.stat();
    const replaced = inode !== null && facts.ino !== inode;
    inode = facts.ino;
    if (replaced || facts.size < readTo) restart();
  }

  async function readAll(): Promise<void> {
    let file: FileHandle;
    try {
      file = await open(path, "r");
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === "ENOENT") return;
      throw cause;
    }
    try {
      await checkIdentity(file);
      const buffer = Buffer.allocUnsafe(READ_BYTES);
      while (!closed) {
        const { bytesRead } = await file.read(buffer, 0, READ_BYTES, readTo);
        if (bytesRead === 0) return;
        const found = lines.push(readTo, buffer.subarray(0, bytesRead));
        readTo += bytesRead;
        if (found.length > 0) await onLines(found);
      }
    } finally {
      await file.close();
    }
  }

  async function run(): Promise<void> {
    do {
      again = false;
      try {
        await readAll();
      } catch (cause) {
        options.onError(cause);
      }
    } while (again && !closed);
    running = null;
  }

  function poke(): Promise<void> {
    if (closed) return Promise.resolve();
    again = true;
    running ??= run();
    return running;
  }

  /** Watching needs the folder; until it is there the poll looks alone. */
  async function startWatching(): Promise<void> {
    if (watcher || closed) return;
    try {
      await stat(dirname(path));
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === "ENOENT") return;
      throw cause;
    }
    if (closed) return;
    watcher = watch(dirname(path), () => void poke());
    watcher.on("error", (cause) => {
      options.onError(cause);
      watcher?.close();
      watcher = null;
    });
  }

  const tick = (): void => {
    startWatching().catch(options.onError);
    void poke();
  };
  const timer = setInterval(tick, options.pollMs ?? POLL_MS);
  timer.unref();
  tick();

  return {
    async sync() {
      // A run that is under way may have passed the end before the call: one more pass starts after it.
      await poke();
    },
    get offset() {
      return lines.position;
    },
    async close() {
      closed = true;
      clearInterval(timer);
      watcher?.close();
      await running;
    },
  };
}
