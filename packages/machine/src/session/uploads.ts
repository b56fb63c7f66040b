/** Files a person sends along with a prompt: kept in the session's own folder, under names that can't lead anywhere else, within a budget. */
import { cutText } from "@hapi/core";
import { randomBytes } from "node:crypto";
import { lstat, mkdir, open, readdir, realpath, rm } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { AppError } from "@hapi/protocol";
import { isInside } from "../files/index.ts";

export const MAX_UPLOAD_BYTES = 50 * 1024 * 1024;
export const MAX_UPLOADS_BYTES = 1024 * 1024 * 1024;
const MAX_UPLOADS = 2_000;
const MAX_STEM_CHARS = 80;

export interface Uploads {
  readonly dir: string;
  save(filename: string, contentBase64: string): Promise<string>;
  remove(path: string): Promise<void>;
}

/** What is left of a name when everything that has a meaning to a shell, a terminal or a file system is gone. */
export function safeName(filename: string): string {
  const plain = basename(filename.replaceAll("\\", "/")).normalize("NFC");
  const extension = extname(plain)
    .replace(/[^A-Za-z0-9.]/g, "")
    .slice(0, 12);
  const words = basename(plain, extname(plain))
    .replace(/[^\p{L}\p{N}._-]+/gu, "-")
    .replace(/^[.-]+/, "");
  const stem = cutText(words, MAX_STEM_CHARS);
  return (stem || "file") + (extension === "." ? "" : extension);
}

export function createUploads(sessionDir: string): Uploads {
  const dir = join(sessionDir, "uploads");
  return {
    dir,
    async save(filename, contentBase64) {
      if (contentBase64.length > Math.ceil(MAX_UPLOAD_BYTES / 3) * 4 + 4) throw new AppError("body_too_large", "The file is too large");
      const bytes = Buffer.from(contentBase64, "base64");
      if (bytes.length > MAX_UPLOAD_BYTES) throw new AppError("body_too_large", "The file is too large");
      await mkdir(dir, { recursive: true, mode: 0o700 });
      const used = await usage(dir);
      if (used.count >= MAX_UPLOADS || used.bytes + bytes.length > MAX_UPLOADS_BYTES) {
        throw new AppError("body_too_large", "This session has no room for more files; delete some first");
      }
      const path = join(dir, `${randomBytes(4).toString("hex")}-${safeName(filename)}`);
      const file = await open(path, "wx", 0o600);
      try {
        await file.writeFile(bytes);
        await file.datasync();
      } finally {
        await file.close();
      }
      return path;
    },
    async remove(path) {
      const [root, real] = await Promise.all([realpath(dir), realpath(path)]).catch((cause: unknown) => {
        throw new AppError("not_found", "There is no such file", { cause });
      });
      if (real === root || !isInside(root, real)) throw new AppError("access_denied", "Only files of this session can be deleted");
      await rm(real);
    },
  };
}

async function usage(dir: string): Promise<{ count: number; bytes: number }> {
  const found = await readdir(dir);
  const sizes = await Promise.all(
    found.map((name) =>
      lstat(join(dir, name)).then(
        (info) => info.size,
        () => 0,
      ),
    ),
  );
  return { count: found.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}
