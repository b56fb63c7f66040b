/**
 * An append-only file of JSON records that survives kill -9 and loss of power: each line carries a checksum, an append resolves after
 * fdatasync (appends that wait together share one), and a torn tail is cut off when the file is opened. Order is the order of the calls.
 * The file never grows past `maxBytes`: it is first rewritten from the caller's `snapshot`, and when that does not help, the append fails.
 */
import { closeSync, fdatasyncSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { AppError, isFullDisk, toAppError } from "@hapi/protocol/errors";
import { syncDir, writeFileAtomic } from "./atomic-file.ts";
import { attempt } from "./ignore.ts";
import { ensurePrivateDir } from "./paths.ts";

export interface JournalOptions {
  maxBytes: number;
  /** The records that still matter, oldest first. Called when the file is full, and by `compact`. Absent: nothing is ever forgotten. */
  snapshot?: () => readonly unknown[];
  /** How the file is opened for appending. */
  openFile?: (path: string) => Promise<FileHandle>;
}

const openToAppend = (path: string): Promise<FileHandle> => open(path, "a", 0o600);

export interface Journal {
  /** What the file held when it was opened, oldest first. */
  readonly recovered: readonly unknown[];
  /** Lines that could not be read; a damaged file (not just a torn tail) is kept beside it as `<path>.damaged`. */
  readonly lostLines: number;
  /** Not just a torn tail: something that was acknowledged is gone. */
  readonly isDamaged: boolean;
  readonly sizeBytes: number;
  /** Resolves when the record is on disk. One record is atomic: put together what must not be torn apart. */
  append(record: unknown): Promise<void>;
  /** Rewrites the file from `snapshot` (atomically), after what was appended before. */
  compact(): Promise<void>;
  close(): Promise<void>;
}

export async function openJournal(path: string, options: JournalOptions): Promise<Journal> {
  ensurePrivateDir(dirname(path));
  const found = recover(path);
  const openFile = options.openFile ?? openToAppend;
  let file: FileHandle = await openFile(path);
  let size = found.keptBytes;
  let waiting: Waiting[] = [];
  let running: Promise<void> | null = null;
  let closed = false;

  /** `file` is the one before the rewrite: it has no name any more, and what is appended there is lost with it. */
  let isReplaced = false;
  const reopen = async () => {
    const before = file;
    file = await openFile(path);
    isReplaced = false;
    await before.close();
  };

  const rewrite = async () => {
    if (!options.snapshot) return;
    const text = options.snapshot().map(encodeLine).join("");
    const bytes = Buffer.from(text);
    writeFileAtomic(path, bytes);
    size = bytes.length;
    isReplaced = true;
    await reopen();
  };

  /** Behind `size` may stand half a line, which would swallow the next one. */
  let isTorn = false;
  const mend = (): void => {
    truncateDurably(path, size);
    isTorn = false;
  };

  const writeAll = async (batch: Waiting[]) => {
    if (isReplaced) await reopen();
    if (isTorn) mend();
    const lines = batch.flatMap((one) => (one.line === null ? [] : [one.line]));
    const bytes = Buffer.from(lines.join(""));
    if (batch.some((one) => one.line === null) || size + bytes.length > options.maxBytes) await rewrite();
    if (bytes.length === 0) return;
    // The snapshot may hold these very records already (the caller knew them before they were on disk); records are idempotent by contract.
    if (size + bytes.length > options.maxBytes) throw new AppError("journal_full", undefined, { details: { path } });
    isTorn = true;
    try {
      await writeFully(file, bytes);
      await file.datasync();
    } catch (cause) {
      attempt(mend, "tried again before the next line");
      throw cause;
    }
    isTorn = false;
    size += bytes.length;
  };

  const run = async () => {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        await writeAll(batch);
        for (const one of batch) one.resolve();
      } catch (cause) {
        for (const one of batch) one.reject(isFullDisk(cause) ? toAppError(cause) : cause);
      }
    }
    running = null;
  };

  const enqueue = (line: string | null): Promise<void> => {
    if (closed) return Promise.reject(new AppError("internal", "The journal is closed"));
    return new Promise((resolve, reject) => {
      waiting.push({ line, resolve, reject });
      // The first of an event-loop turn starts the batch; what the same turn adds rides along.
      running ??= Promise.resolve().then(run);
    });
  };

  return {
    recovered: found.records,
    lostLines: found.lostLines,
    isDamaged: found.isDamaged,
    get sizeBytes() {
      return size;
    },
    append: (record) => enqueue(encodeLine(record)),
    compact: () => enqueue(null),
    async close() {
      closed = true;
      await running;
      await file.close();
    },
  };
}

interface Waiting {
  /** null asks for a rewrite. */
  line: string | null;
  resolve: () => void;
  reject: (cause: unknown) => void;
}

async function writeFully(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += (await file.write(bytes, at)).bytesWritten;
}

/** `<crc32 in 8 hex digits> <json>\n`: JSON holds no line break, so a line is a record. */
export function encodeLine(record: unknown): string {
  const json = JSON.stringify(record);
  return `${checksum(json)} ${json}\n`;
}

export function decodeLine(line: string): { record: unknown } | null {
  const json = line.slice(9);
  if (line[8] !== " " || line.slice(0, 8) !== checksum(json)) return null;
  return { record: JSON.parse(json) };
}

function checksum(text: string): string {
  return Bun.hash.crc32(text).toString(16).padStart(8, "0");
}

interface Found {
  records: unknown[];
  lostLines: number;
  isDamaged: boolean;
  keptBytes: number;
}

/** Bad lines before good ones: damage, not a torn append. */
interface Scanned {
  records: unknown[];
  lost: number;
  lostBeforeGood: number;
  goodEnd: number;
}

function scan(bytes: Buffer): Scanned {
  const found: Scanned = { records: [], lost: 0, lostBeforeGood: 0, goodEnd: 0 };
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(0x0a, at);
    const decoded = end < 0 ? null : decodeLine(bytes.toString("utf8", at, end));
    at = end < 0 ? bytes.length : end + 1;
    if (decoded) {
      found.records.push(decoded.record);
      found.lostBeforeGood = found.lost;
      found.goodEnd = at;
    } else found.lost++;
  }
  return found;
}

/** What opening the file would find, without touching it; also beside a process that writes to it. The file is there. */
export function inspectJournal(path: string): { isDamaged: boolean; lostLines: number } {
  const { lostBeforeGood } = scan(readFileSync(path));
  return { isDamaged: lostBeforeGood > 0, lostLines: lostBeforeGood };
}

/** Reads what is whole. A bad end is a torn append and is cut off; bad lines before good ones are damage, and the original is kept. */
function recover(path: string): Found {
  const bytes = readIfThere(path);
  if (bytes === null) return { records: [], lostLines: 0, isDamaged: false, keptBytes: 0 };
  const { records, lost, lostBeforeGood, goodEnd } = scan(bytes);
  if (lostBeforeGood > 0) {
    // A copy, not a rename: a kill between the two must not leave nothing.
    writeFileAtomic(`${path}.damaged`, bytes);
    const whole = Buffer.from(records.map(encodeLine).join(""));
    writeFileAtomic(path, whole);
    return { records, lostLines: lost, isDamaged: true, keptBytes: whole.length };
  }
  if (goodEnd < bytes.length) truncateDurably(path, goodEnd);
  return { records, lostLines: lost, isDamaged: false, keptBytes: goodEnd };
}

function readIfThere(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw cause;
    // Made here, so that its name is durable before the first record is.
    const fd = openSync(path, "a", 0o600);
    writeSync(fd, "");
    closeSync(fd);
    syncDir(dirname(path));
    return null;
  }
}

function truncateDurably(path: string, size: number): void {
  const fd = openSync(path, "r+");
  try {
    ftruncateSync(fd, size);
    fdatasyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
