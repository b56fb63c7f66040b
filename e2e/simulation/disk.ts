/**
 * The part of a machine's disk that an agent writes, in memory: the driver reads and watches it through its port, and hears of changes late, or, now
 * and then, not at all. Reading takes time; a killed session process gets no answer.
 */
import { dirname } from "node:path";
import type { FileFacts, Files } from "@hapi/platform";
import type { Chance } from "./random.ts";
import type { Life, VirtualTime } from "./time.ts";

interface Inode {
  bytes: Buffer;
  changedAt: number;
}

export interface SimDisk {
  append(path: string, text: string): void;
  write(path: string, text: string): void;
  move(from: string, to: string): void;
  remove(path: string): void;
  text(path: string): string | undefined;
  /** The paths of all files. */
  readonly paths: readonly string[];
  /** As one session process sees it. */
  view(life: Life, chance: Chance): Files;
}

const absent = (path: string): Error => Object.assign(new Error(`ENOENT: no such file: ${path}`), { code: "ENOENT" });

export function createSimDisk(time: VirtualTime): SimDisk {
  const files = new Map<string, Inode>();
  const watchers = new Set<{ dir: string; tell(): void }>();

  function changed(path: string): void {
    time.touch();
    for (const watcher of watchers) if (watcher.dir === dirname(path)) watcher.tell();
  }

  function facts(path: string): FileFacts | null {
    const file = files.get(path);
    if (file) return { isFile: true, size: file.bytes.length, changedAt: file.changedAt };
    return [...files.keys()].some((one) => one.startsWith(`${path}/`)) ? { isFile: false, size: 0, changedAt: 0 } : null;
  }

  function inode(path: string): Inode {
    const found = files.get(path);
    if (!found) throw absent(path);
    return found;
  }

  return {
    append(path, text) {
      const file = files.get(path) ?? { bytes: Buffer.alloc(0), changedAt: time.now };
      file.bytes = Buffer.concat([file.bytes, Buffer.from(text)]);
      file.changedAt = time.now;
      files.set(path, file);
      changed(path);
    },
    write(path, text) {
      files.set(path, { bytes: Buffer.from(text), changedAt: time.now });
      changed(path);
    },
    move(from, to) {
      files.set(to, inode(from));
      files.delete(from);
      changed(from);
      changed(to);
    },
    remove(path) {
      files.delete(path);
      changed(path);
    },
    text: (path) => files.get(path)?.bytes.toString(),
    get paths() {
      return [...files.keys()];
    },
    view(life, chance) {
      /** What takes time: mostly less than a millisecond. */
      const takes = async (): Promise<void> => {
        time.touch();
        if (!life.alive) await new Promise(() => undefined);
        if (chance.is(0.05)) await life.wait(chance.between(1, 20));
      };
      return {
        facts,
        text: (path) => inode(path).bytes.toString(),
        part: (path, from, bytes) =>
          inode(path)
            .bytes.subarray(from, from + bytes)
            .toString(),
        names(dir) {
          const inside = [...files.keys()].filter((path) => path.startsWith(`${dir}/`));
          if (inside.length === 0) throw absent(dir);
          return [...new Set(inside.map((path) => path.slice(dir.length + 1).split("/")[0] ?? ""))];
        },
        realPath: (path) => path,
        async open(path) {
          await takes();
          const file = inode(path);
          return {
            async facts() {
              await takes();
              return { isFile: true, size: file.bytes.length, changedAt: file.changedAt };
            },
            async read(buffer, position) {
              await takes();
              const there = file.bytes.subarray(position, position + buffer.length);
              // Less than there is, in the middle of a line.
              const some = there.length > 1 && chance.is(0.1) ? there.subarray(0, chance.between(1, there.length)) : there;
              buffer.set(some);
              return some.length;
            },
            close: () => Promise.resolve(),
          };
        },
        watch(dir, onChange) {
          if (!facts(dir)) throw absent(dir);
          const watcher = {
            dir,
            tell: () => {
              if (chance.is(0.9)) time.after(chance.between(0, 5), () => life.alive && watchers.has(watcher) && onChange());
            },
          };
          watchers.add(watcher);
          return () => void watchers.delete(watcher);
        },
      };
    },
  };
}
