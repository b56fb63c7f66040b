/**
 * Find files by name: git's own list where there is a repository (so ignored files stay out), else a bounded walk. `*` and `?` are
 * wildcards; without them the query is a case-insensitive part of the path.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { RunCommand } from "./command.ts";
import type { Confinement } from "./confine.ts";
import { createGit } from "./git-command.ts";

const LIMITS = { timeoutMs: 15_000, maxBytes: 16 * 1024 * 1024 };
const MAX_WALKED = 50_000;
const SKIPPED = new Set([".git", "node_modules", ".hg", ".svn", ".venv", "__pycache__"]);
export const MAX_FOUND = 500;

const MAX_QUERY_CHARS = 256;

/** `*` and `?` against the whole text, in time text × pattern whatever the pattern (a regular expression could be made to explode). */
export function globMatches(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    if (pattern[p] === "*") {
      star = p++;
      resume = t;
    } else if (p < pattern.length && (pattern[p] === "?" || pattern[p] === text[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++resume;
    } else return false;
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}

/** A pattern may match the whole path or what follows any of its slashes. */
export function nameMatcher(query: string): (path: string) => boolean {
  const wanted = query.trim().toLowerCase().slice(0, MAX_QUERY_CHARS);
  if (wanted === "") return () => true;
  if (!/[*?]/.test(wanted)) return (path) => path.toLowerCase().includes(wanted);
  return (path) => {
    const parts = path.toLowerCase().split("/");
    return parts.some((_, at) => globMatches(wanted, parts.slice(at).join("/")));
  };
}

async function listByGit(confinement: Confinement, run: RunCommand): Promise<string[] | null> {
  const git = createGit(confinement.root, run);
  const result = await git(["ls-files", "-z", "--cached", "--others", "--exclude-standard"], LIMITS).catch(() => null);
  if (!result || result.exitCode !== 0) return null;
  const names = result.stdout.split("\0");
  if (result.truncated) names.pop();
  return names.filter((name) => name !== "");
}

async function listByWalk(root: string): Promise<string[]> {
  const found: string[] = [];
  const pending = [""];
  for (let folder = pending.shift(); folder !== undefined && found.length < MAX_WALKED; folder = pending.shift()) {
    const entries = await readdir(join(root, folder), { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory() && !SKIPPED.has(entry.name) && pending.length < MAX_WALKED) pending.push(path);
      else if (entry.isFile()) found.push(path);
    }
  }
  return found;
}

/** Paths relative to the session's folder; the ones whose file name matches come before those matched by a folder. */
export async function findFiles(confinement: Confinement, run: RunCommand, query: string, limit: number): Promise<string[]> {
  const all = (await listByGit(confinement, run)) ?? (await listByWalk(confinement.root));
  const matches = nameMatcher(query);
  const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
  const found = [...new Set(all)].filter(matches);
  const byName = (path: string): number => (matches(baseName(path)) ? 0 : 1);
  found.sort((a, b) => byName(a) - byName(b) || a.length - b.length || (a < b ? -1 : 1));
  return found.slice(0, Math.max(1, Math.min(limit, MAX_FOUND)));
}
