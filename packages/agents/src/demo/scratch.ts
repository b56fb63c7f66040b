/**
 * The demo agent's files: one scratch folder per conversation. Invariant: no path it is given leads out of that folder, not by `..`, not
 * by an absolute path, not over a symbolic link.
 */
import { mkdirSync, readdirSync, readFileSync, realpathSync, renameSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";

const SEED: Readonly<Record<string, string>> = {
  "greeting.ts": "export function greet(name: string): string {\n  return `Helo, ${name}!`;\n}\n",
  "notes.md": "# Notes\n\nThis folder belongs to the demo agent. Change what you like.\n",
};

const MAX_FILE_BYTES = 256 * 1024;

export class ScratchError extends Error {}

export interface Scratch {
  readonly root: string;
  /** Absolute path inside the folder. */
  path(name: string): string;
  read(name: string): string | null;
  write(name: string, text: string): void;
  /** A starter file as it was in the beginning; others are left alone. */
  restore(name: string): void;
  list(): string[];
}

/** Opens the folder; a new one gets two small files to play with. */
export function openScratch(folder: string): Scratch {
  const isNew = mkdirSync(folder, { recursive: true, mode: 0o700 }) !== undefined;
  const root = realpathSync(folder);
  if (isNew) for (const [name, text] of Object.entries(SEED)) writeFileSync(join(root, name), text);

  const path = (name: string) => {
    const inside = resolve(root, name);
    if (inside === root || !inside.startsWith(root + sep)) throw new ScratchError(`${name} is outside of my scratch folder`);
    const parent = nearestFolder(dirname(inside));
    if (parent !== root && !parent.startsWith(root + sep)) throw new ScratchError(`${name} is outside of my scratch folder`);
    return inside;
  };
  const write = (name: string, text: string): void => {
    if (Buffer.byteLength(text) > MAX_FILE_BYTES) throw new ScratchError(`${name} would be too large`);
    const file = path(name);
    mkdirSync(dirname(file), { recursive: true });
    const draft = join(dirname(file), `.${basename(file)}.new`);
    writeFileSync(draft, text);
    renameSync(draft, file);
  };
  return {
    root,
    path,
    read(name) {
      const file = path(name);
      const facts = statSync(file, { throwIfNoEntry: false });
      if (!facts) return null;
      if (!facts.isFile() || facts.size > MAX_FILE_BYTES) throw new ScratchError(`${name} is not a small file`);
      if (!realpathSync(file).startsWith(root + sep)) throw new ScratchError(`${name} is outside of my scratch folder`);
      return readFileSync(file, "utf8");
    },
    write,
    restore(name) {
      const text = SEED[name];
      if (text !== undefined) write(name, text);
    },
    list: () =>
      readdirSync(root, { recursive: true, withFileTypes: true })
        .flatMap((entry) => (entry.isFile() ? [relative(root, join(entry.parentPath, entry.name))] : []))
        .sort(),
  };
}

function nearestFolder(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    if (statSync(at, { throwIfNoEntry: false })) return realpathSync(at);
    if (at === dirname(at)) return at;
  }
}
