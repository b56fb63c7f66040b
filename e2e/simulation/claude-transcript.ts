/**
 * A scripted Claude's transcript: lines of one conversation in a file, each the child of the one before, written down a moment after they were said.
 * What was not written down when the process was killed is in no record. (Forms and delays as measured on 2.1.329.)
 */
import { join } from "node:path";
import type { SimDisk } from "./disk.ts";
import type { Chance } from "./random.ts";
import type { VirtualTime } from "./time.ts";

export type Json = Record<string, unknown>;

export const CLAUDE_DIR = "/claude";
export const VERSION = "2.1.329";

export interface Transcript {
  readonly threadId: string;
  readonly path: string;
  /** Anybody's words stand in the file. */
  readonly hasWords: boolean;
  readonly exists: boolean;
  /** Answers the line's uuid. `written`: it stands in the file. */
  add(line: Json, written?: () => void): string;
  /** A line that is no part of the conversation: a note on Claude's own state. */
  note(line: Json, written?: () => void): void;
  /** The next line follows this one: what stood behind it is left. */
  goBackTo(uuid: string | null): void;
  parentOf(uuid: string): string | null | undefined;
  /** To the folder of another working directory. */
  moveTo(cwd: string): void;
  /** Nothing is written down for so long. */
  stall(ms: number): void;
  /** Everything that was said. */
  flush(): void;
  /** Killed. */
  drop(): void;
}

export interface TranscriptWorld {
  disk: SimDisk;
  time: VirtualTime;
  chance: Chance;
  uuid(): string;
  cwd: string;
  entrypoint: "cli" | "sdk-cli";
}

const folderOf = (cwd: string): string => join(CLAUDE_DIR, "projects", cwd.replace(/[^a-zA-Z0-9]/g, "-"));

export function openTranscript(threadId: string, world: TranscriptWorld): Transcript {
  const { disk, time, chance, uuid, entrypoint } = world;
  const known = disk.paths.find((path) => path.endsWith(`/${threadId}.jsonl`));
  let path = known ?? join(folderOf(world.cwd), `${threadId}.jsonl`);
  let cwd = world.cwd;
  const parents = new Map<string, string | null>();
  let leaf: string | null = null;
  for (const text of (disk.text(path) ?? "").split("\n").filter((one) => one !== "")) {
    const line = JSON.parse(text) as { uuid?: string; parentUuid?: string | null };
    if (line.uuid === undefined) continue;
    parents.set(line.uuid, line.parentUuid ?? null);
    leaf = line.uuid;
  }
  let unwritten: { text: string; written: (() => void) | undefined }[] = [];
  let writesAt = 0;

  function writeSoon(line: Json, written: (() => void) | undefined): void {
    unwritten = [...unwritten, { text: `${JSON.stringify(line)}\n`, written }];
    writesAt = Math.max(writesAt, time.now + (chance.is(0.03) ? chance.between(200, 2_000) : chance.between(0, 100)));
    time.after(writesAt - time.now, whenDue);
  }

  const whenDue = (): void => {
    if (time.now >= writesAt) writeDown();
  };

  function writeDown(): void {
    const lines = unwritten;
    unwritten = [];
    if (lines.length === 0) return;
    disk.append(path, lines.map(({ text }) => text).join(""));
    for (const { written } of lines) written?.();
  }

  return {
    threadId,
    get path() {
      return path;
    },
    get hasWords() {
      return /"type":"(user|assistant|system)"/.test(disk.text(path) ?? "");
    },
    get exists() {
      return disk.text(path) !== undefined;
    },
    add(given, written) {
      const id = typeof given["uuid"] === "string" ? given["uuid"] : uuid();
      const common = { isSidechain: false, timestamp: new Date(time.now).toISOString(), userType: "external", entrypoint, cwd };
      const line = { parentUuid: leaf, ...common, ...given, uuid: id, sessionId: threadId, version: VERSION };
      parents.set(id, leaf);
      leaf = id;
      writeSoon(line, written);
      return id;
    },
    note: (line, written) => writeSoon({ ...line, timestamp: new Date(time.now).toISOString(), sessionId: threadId }, written),
    goBackTo(id) {
      leaf = id;
    },
    parentOf: (id) => parents.get(id),
    moveTo(next) {
      const to = join(folderOf(next), `${threadId}.jsonl`);
      cwd = next;
      if (to === path) return;
      writeDown();
      if (disk.text(path) !== undefined) disk.move(path, to);
      path = to;
    },
    stall(ms) {
      writesAt = Math.max(writesAt, time.now + ms);
      time.after(ms, whenDue);
    },
    flush: writeDown,
    drop() {
      unwritten = [];
    },
  };
}
