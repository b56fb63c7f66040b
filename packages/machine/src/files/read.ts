/** Read a file, list a directory, stat many files: the answers of the file RPCs, bounded and confined. */
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "@hapi/protocol";
import type { Confinement } from "./confine.ts";
import { openInside } from "./opened.ts";

export const MAX_READ_BYTES = 16 * 1024 * 1024;
export const MAX_ENTRIES = 5_000;
export const MAX_STATS = 1_000;

export interface FileEntry {
  name: string;
  type: "file" | "directory" | "other";
  size?: number;
  modified?: number;
}

export async function readFileContent(
  confinement: Confinement,
  path: string,
): Promise<{ content: string; size: number; modified: number }> {
  const { bytes, size, modified } = await readBytes(confinement, path, MAX_READ_BYTES);
  return { content: bytes.toString("base64"), size, modified };
}

/** A file within the folder, whole; larger than `maxBytes` is an error. */
export async function readBytes(
  confinement: Confinement,
  path: string,
  maxBytes: number,
): Promise<{ bytes: Buffer; size: number; modified: number }> {
  await using file = await openInside(confinement, path, "file");
  const { info, handle } = file;
  if (!info.isFile()) throw new AppError("not_found", "This is not a file");
  if (info.size > maxBytes) throw new AppError("body_too_large", "The file is too large to show");
  const bytes = Buffer.alloc(info.size);
  const { bytesRead } = await handle.read(bytes, 0, info.size, 0);
  return { bytes: bytes.subarray(0, bytesRead), size: info.size, modified: Math.round(info.mtimeMs) };
}

async function describe(path: string, name: string): Promise<FileEntry | null> {
  const info = await lstat(path).catch(() => null);
  if (!info) return null;
  const type = info.isFile() ? "file" : info.isDirectory() ? "directory" : "other";
  return { name, type, size: info.size, modified: Math.round(info.mtimeMs) };
}

/** Directories first, then by name. More than `MAX_ENTRIES` are cut off, and the answer says so. */
export async function listDirectory(confinement: Confinement, path: string): Promise<{ entries: FileEntry[]; truncated: boolean }> {
  await using folder = await openInside(confinement, path, "directory");
  const names = await readdir(folder.path).catch((cause: unknown) => {
    throw new AppError("not_found", "This is not a folder that can be read", { cause });
  });
  const kept = names.sort().slice(0, MAX_ENTRIES);
  const entries = (await Promise.all(kept.map((name) => describe(join(folder.path, name), name)))).filter((entry) => entry !== null);
  const rank = (entry: FileEntry): number => (entry.type === "directory" ? 0 : 1);
  entries.sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
  return { entries, truncated: names.length > kept.length };
}

export interface FileStat {
  path: string;
  exists: boolean;
  size?: number;
  modified?: number;
  type?: FileEntry["type"];
}

/** One answer per path, in order; a path outside the folder looks as if it did not exist. */
export async function statFiles(confinement: Confinement, paths: readonly string[]): Promise<FileStat[]> {
  if (paths.length > MAX_STATS) throw new AppError("invalid_body", `At most ${MAX_STATS} paths at once`);
  return Promise.all(
    paths.map(async (path): Promise<FileStat> => {
      const real = await confinement.resolve(path).catch(() => null);
      const entry = real === null ? null : await describe(real, path);
      return entry ? { path, exists: true, size: entry.size, modified: entry.modified, type: entry.type } : { path, exists: false };
    }),
  );
}
