/**
 * Follows a growing line file by byte offset. Invariant: every complete line is given once and in order, and the next batch is not read before
 * the reader is done with this one. A file that is not there yet is waited for; one that was moved is followed from the same offset; one whose
 * bytes before the offset are not those that were read is read from its start (readers deduplicate by key). The system's file events only make
 * it faster: a slow poll finds everything too.
 */
import { dirname } from "node:path";
import { attempt, type Clock, every, type Files, type OpenFile } from "@hapi/platform/lean";
import { type ByteLine, type ByteLines, createByteLines } from "./byte-lines.ts";

export interface TailerOptions {
  files: Files;
  clock: Clock;
  path: string;
  offset: number;
  onLines: (lines: readonly ByteLine[]) => void | Promise<void>;
  /** The file was cut or replaced: lines start at its beginning again. */
  onReset?: () => void | Promise<void>;
  onError: (cause: unknown) => void;
  /** Asked when there is no file to be read at the path: where it is now, undefined where nobody knows. */
  elsewhere?: () => Promise<string | undefined>;
  /** It is read at another path from now on. */
  onMoved?: (path: string) => void;
  pollMs?: number;
}

export interface Tailer {
  /** Looks now. Resolves when everything that was in the file at the call is read. */
  sync(): Promise<void>;
  /** Reads on at another path, from the same offset. */
  moveTo(path: string): void;
  readonly path: string;
  /** The file could be opened when it was looked at last. */
  readonly isThere: boolean;
  /** Start of the first line that was not given yet. */
  readonly offset: number;
  close(): Promise<void>;
}

const READ_BYTES = 256 * 1024;
/** So much of what was read last tells the same file, wherever it is, from another one. */
const KNOWN_BYTES = 64;
const POLL_MS = 300;

export function createTailer(options: TailerOptions): Tailer {
  const { files, onLines } = options;
  let { path } = options;
  let lines: ByteLines = createByteLines(options.offset);
  let readTo = options.offset;
  /** What stands right before `readTo`; empty: not known. */
  let known: Buffer = Buffer.alloc(0);
  let isThere = false;
  let closed = false;
  let running: Promise<void> | null = null;
  let again = false;
  let stopWatching: (() => void) | null = null;

  async function restart(): Promise<void> {
    lines = createByteLines(0);
    readTo = 0;
    known = Buffer.alloc(0);
    await options.onReset?.();
  }

  /** A file that is shorter than what was read of it, or that says something else there, begins anew. */
  async function checkIdentity(file: OpenFile): Promise<void> {
    const { size } = await file.facts();
    if (size < readTo) return await restart();
    if (known.length === 0) return;
    const before = await readWhole(file, known.length, readTo - known.length);
    if (!before.equals(known)) await restart();
  }

  /** Absent is what can't be opened for any other reason as well: a folder in its place, a name too long. */
  async function openFile(): Promise<OpenFile | null> {
    try {
      return await opened(files, path);
    } catch (cause) {
      const found = await options.elsewhere?.();
      if (found !== undefined && found !== path) {
        moveTo(found);
        return await opened(files, found);
      }
      if ((cause as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw cause;
    }
  }

  function moveTo(next: string): void {
    if (next === path) return;
    path = next;
    unwatch();
    options.onMoved?.(next);
  }

  async function readAll(): Promise<void> {
    isThere = false;
    const file = await openFile();
    if (!file) return;
    isThere = true;
    try {
      await checkIdentity(file);
      const buffer = Buffer.allocUnsafe(READ_BYTES);
      while (!closed) {
        const bytesRead = await file.read(buffer, readTo);
        if (bytesRead === 0) return;
        const read = buffer.subarray(0, bytesRead);
        const found = lines.push(readTo, read);
        readTo += bytesRead;
        known = Buffer.concat([known, read.subarray(-KNOWN_BYTES)]).subarray(-KNOWN_BYTES);
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

  function unwatch(): void {
    stopWatching?.();
    stopWatching = null;
  }

  /** Watching needs the folder; until it is there the poll looks alone. */
  function startWatching(): void {
    if (stopWatching || closed) return;
    const dir = dirname(path);
    if (!attempt(() => files.facts(dir), "why it can't be read is told by whoever opens the file")) return;
    const onError = (cause: Error): void => {
      options.onError(cause);
      unwatch();
    };
    try {
      stopWatching = files.watch(dir, () => void poke(), onError);
    } catch (cause) {
      options.onError(cause);
    }
  }

  const tick = (): void => {
    startWatching();
    void poke();
  };
  const stopPolling = every(options.clock, options.pollMs ?? POLL_MS, tick, { unref: true });
  tick();

  return {
    async sync() {
      // A run that is under way may have passed the end before the call: one more pass starts after it.
      await poke();
    },
    moveTo(next) {
      moveTo(next);
      void poke();
    },
    get path() {
      return path;
    },
    get isThere() {
      return isThere;
    },
    get offset() {
      return lines.position;
    },
    async close() {
      closed = true;
      stopPolling();
      unwatch();
      await running;
    },
  };
}

/** So many bytes, or as many as there are: one read may answer fewer. */
async function readWhole(file: OpenFile, length: number, position: number): Promise<Buffer> {
  const whole = Buffer.alloc(length);
  for (let filled = 0; filled < length;) {
    const read = await file.read(whole.subarray(filled), position + filled);
    if (read === 0) return whole.subarray(0, filled);
    filled += read;
  }
  return whole;
}

async function opened(files: Files, path: string): Promise<OpenFile> {
  const file = await files.open(path);
  const facts = await file.facts().catch(async (cause: unknown) => {
    await file.close();
    throw cause;
  });
  if (facts.isFile) return file;
  await file.close();
  throw Object.assign(new Error(`${path} is not a file`), { code: "EISDIR" });
}
