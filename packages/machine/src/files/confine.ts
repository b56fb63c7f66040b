/**
 * Where the file calls of a session may look: inside its working directory (and its upload folder), after every symbolic link was followed.
 * Invariant: a path leaves this file only as a real path below one of the real roots.
 */
import { realpath } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, resolve, sep } from "node:path";
import { AppError } from "@hapi/protocol";

const MAX_PATH_CHARS = 4096;

export interface Confinement {
  /** The first root; relative paths start here. */
  readonly root: string;
  /** The real path of something that exists, or `access_denied` / `not_found`. */
  resolve(path: string): Promise<string>;
}

export function isInside(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}

/** The real path, where a missing last part (a deleted file in a diff) is allowed. */
async function realPathOrParent(path: string): Promise<{ path: string; exists: boolean }> {
  try {
    return { path: await realpath(path), exists: true };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT" || dirname(path) === path) throw cause;
    const parent = await realPathOrParent(dirname(path));
    return { path: join(parent.path, basename(path)), exists: false };
  }
}

export async function confineTo(roots: readonly [string, ...string[]]): Promise<Confinement> {
  const real = await Promise.all(roots.map((root) => realpath(root).catch(() => resolve(root))));
  const root = real[0]!;
  return {
    root,
    async resolve(path) {
      const found = await locate(real, root, path);
      if (!found.exists) throw new AppError("not_found", "There is no such file");
      return found.path;
    },
  };
}

/** The path of a file git may know although it is gone from disk; relative to the root, inside it. */
export async function confinedName(confinement: Confinement, path: string): Promise<string> {
  const found = await locate([confinement.root], confinement.root, path);
  return found.path.slice(confinement.root.length + 1) || ".";
}

async function locate(roots: readonly string[], root: string, path: string): Promise<{ path: string; exists: boolean }> {
  if (path.length > MAX_PATH_CHARS || path.includes("\0")) throw new AppError("access_denied", "This path is not allowed");
  const wanted = isAbsolute(path) ? resolve(path) : resolve(root, path);
  const found = await realPathOrParent(wanted).catch((cause: unknown) => {
    throw new AppError("access_denied", "This path can't be read", { cause });
  });
  if (!roots.some((allowed) => isInside(allowed, found.path)))
    throw new AppError("access_denied", "This path is outside the session's folder");
  return found;
}
