/** Files that are either the old or the new content, never a half: temp file in the same folder, fsync, rename, fsync of the folder. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { attempt } from "./ignore.ts";
import { randomToken } from "./secrets.ts";

/** `volatile`: worth nothing after a loss of power, so the disk is not waited for. */
export function writeFileAtomic(path: string, content: string | Uint8Array, options: { mode?: number; volatile?: boolean } = {}): void {
  const dir = dirname(path);
  const temp = join(dir, `.${randomToken(9)}.tmp`);
  try {
    const fd = openSync(temp, "wx", options.mode ?? 0o600);
    try {
      const bytes = typeof content === "string" ? Buffer.from(content) : content;
      for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
      if (!options.volatile) fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temp, path);
  } catch (cause) {
    attempt(() => rmSync(temp, { force: true }), "the first failure is the one to report");
    throw cause;
  }
  if (!options.volatile) syncDir(dir);
}

/** Makes a rename or a new file in `dir` durable. Some file systems refuse to sync a folder; then the rename alone must do. */
export function syncDir(dir: string): void {
  const fd = attempt(() => openSync(dir, "r"), "not every system opens folders");
  if (fd === undefined) return;
  attempt(() => fsyncSync(fd), "not every file system syncs folders");
  closeSync(fd);
}
