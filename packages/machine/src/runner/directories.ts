/** What the web app may see of this machine's folders when it picks where to start: names, never contents; inside the allowed roots when there are any. */
import { readdir, realpath, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { AppError } from "@hapi/protocol";
import { isWithin } from "./roots.ts";

export interface DirectoryEntry {
  name: string;
  type: "file" | "directory" | "other";
  size?: number;
  modified?: number;
  isGitRepo?: boolean;
}

/** More than this and the list is cut: a phone can't show it anyway. */
export const MAX_ENTRIES = 2000;

export async function listDirectory(
  path: string,
  options: { roots: readonly string[]; includeHidden?: boolean },
): Promise<{ path: string; entries: DirectoryEntry[]; isCut: boolean }> {
  const real = await confined(path, options.roots);
  const names = (await readdir(real)).filter((name) => options.includeHidden || !name.startsWith(".")).sort((a, b) => a.localeCompare(b));
  const entries = await Promise.all(names.slice(0, MAX_ENTRIES).map((name) => describe(real, name)));
  entries.sort((a, b) => Number(b.type === "directory") - Number(a.type === "directory"));
  return { path: real, entries, isCut: names.length > MAX_ENTRIES };
}

/** Only directories count as existing. */
export async function pathsExist(paths: readonly string[], roots: readonly string[]): Promise<Record<string, boolean>> {
  const answers = await Promise.all(
    paths.map(async (path) => {
      try {
        return [path, (await stat(await confined(path, roots))).isDirectory()] as const;
      } catch (cause) {
        if (cause instanceof AppError || (cause as NodeJS.ErrnoException).code) return [path, false] as const;
        throw cause;
      }
    }),
  );
  return Object.fromEntries(answers);
}

async function confined(path: string, roots: readonly string[]): Promise<string> {
  const expanded = path === "" || path === "~" ? homedir() : path.startsWith("~/") ? join(homedir(), path.slice(2)) : path;
  let real: string;
  try {
    real = await realpath(expanded);
  } catch (cause) {
    throw new AppError("not_found", `${expanded} does not exist`, { cause });
  }
  if (await isWithin(real, roots)) return real;
  throw new AppError("access_denied", `${expanded} is outside the folders this runner may show`);
}

async function describe(folder: string, name: string): Promise<DirectoryEntry> {
  try {
    const facts = await stat(join(folder, name));
    const type = facts.isDirectory() ? "directory" : facts.isFile() ? "file" : "other";
    const entry: DirectoryEntry = { name, type, size: facts.size, modified: facts.mtimeMs };
    if (type !== "directory") return entry;
    const isGitRepo = await stat(join(folder, name, ".git")).then(
      () => true,
      () => false,
    );
    return { ...entry, isGitRepo };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code) return { name, type: "other" };
    throw cause;
  }
}
