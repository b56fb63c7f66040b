/**
 * Files that another program writes, as a port: whoever reads and watches them goes through one that was given, so that a simulation can own them.
 * Failures are the system's own, with its `code`.
 */
import { closeSync, openSync, readdirSync, readFileSync, readSync, realpathSync, type Stats, statSync, watch } from "node:fs";
import { open } from "node:fs/promises";

export interface FileFacts {
  isFile: boolean;
  /** Bytes. */
  size: number;
  /** Milliseconds since the epoch. */
  changedAt: number;
}

/** A file that is read piece by piece; goes on being the same one when it is moved. */
export interface OpenFile {
  facts(): Promise<FileFacts>;
  /** How many bytes were read into the buffer; 0: there are none at this position. */
  read(buffer: Uint8Array, position: number): Promise<number>;
  close(): Promise<void>;
}

export interface Files {
  /** Null: nothing is there. */
  facts(path: string): FileFacts | null;
  /** The whole of a small file. */
  text(path: string): string;
  /** At most so many bytes from there on. */
  part(path: string, from: number, bytes: number): string;
  /** Names in a folder. */
  names(dir: string): string[];
  /** As the system itself spells it: without symbolic links. */
  realPath(path: string): string;
  open(path: string): Promise<OpenFile>;
  /** Tells that something in the folder has changed, mostly; the answer ends it. Throws where the folder is not there. */
  watch(dir: string, onChange: () => void, onError: (cause: Error) => void): () => void;
}

const factsOf = (found: Stats): FileFacts => ({ isFile: found.isFile(), size: found.size, changedAt: found.mtimeMs });

export const systemFiles: Files = {
  facts(path) {
    const found = statSync(path, { throwIfNoEntry: false });
    return found ? factsOf(found) : null;
  },
  text: (path) => readFileSync(path, "utf8"),
  part(path, from, bytes) {
    const file = openSync(path, "r");
    try {
      const buffer = Buffer.alloc(bytes);
      return buffer.toString("utf8", 0, readSync(file, buffer, 0, bytes, from));
    } finally {
      closeSync(file);
    }
  },
  names: (dir) => readdirSync(dir),
  realPath: (path) => realpathSync(path),
  async open(path) {
    const file = await open(path, "r");
    return {
      facts: async () => factsOf(await file.stat()),
      read: async (buffer, position) => (await file.read(buffer, 0, buffer.length, position)).bytesRead,
      close: () => file.close(),
    };
  },
  watch(dir, onChange, onError) {
    const watcher = watch(dir, { persistent: false }, onChange);
    watcher.on("error", onError);
    return () => watcher.close();
  },
};

export interface Piece {
  at: number;
  bytes: Buffer;
}

/** Pieces of a file from `from` up to `to` (not included; absent: its end). Nothing where there is no such file. */
export async function* piecesOf(
  files: Files,
  path: string,
  { from = 0, to = Number.POSITIVE_INFINITY, pieceBytes = 64 * 1024 } = {},
): AsyncIterable<Piece> {
  const file = await files.open(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return null;
    throw cause;
  });
  if (!file) return;
  try {
    for (let at = from; at < to;) {
      const buffer = Buffer.allocUnsafe(Math.min(pieceBytes, to - at));
      const read = await file.read(buffer, at);
      if (read === 0) return;
      yield { at, bytes: buffer.subarray(0, read) };
      at += read;
    }
  } finally {
    await file.close();
  }
}
