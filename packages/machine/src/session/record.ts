/**
 * session.json: who a session is and how its agent is started. This file is the durable map session ↔ agent thread; the thread id is in it
 * before the first prompt is handed. Written only whole (temp file, fsync, rename). No credential is ever in it.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod/mini";
import { writeFileAtomic } from "@hapi/platform/lean";
import { AppError } from "@hapi/protocol/errors";
import { worktreeSchema } from "@hapi/protocol/worktree";
import { recordedEnvironmentSchema } from "./environment.ts";

export const RECORD_FILE = "session.json";

export const sessionRecordSchema = z.looseObject({
  version: z.literal(1),
  sessionId: z.string(),
  tag: z.string(),
  flavor: z.string(),
  /** Real path. */
  cwd: z.string(),
  machineId: z.string(),
  hubUrl: z.string(),
  createdAt: z.number(),
  startedBy: z.enum(["terminal", "runner"]),
  /** Which front end the next launch of the host begins with. */
  startingMode: z.enum(["local", "remote"]),
  /** The agent's own flags, verbatim. */
  args: z.array(z.string()),
  /** As the person asked for it; survives restarts and is passed to the agent at each start. */
  permissionMode: z.optional(z.string()),
  model: z.optional(z.nullable(z.string())),
  /** Variables that choose account, configuration, provider and program. Absent: begun by an older version; as whoever starts it has them. */
  environment: z.optional(recordedEnvironmentSchema),
  /** Failed turns are sent again by themselves; absent: as this home's settings say. */
  autoRetry: z.optional(z.boolean()),
  /** The agent's own conversation. */
  threadId: z.optional(z.string()),
  /** The thread is another session's: branch off at the first start, then forget this flag. */
  fork: z.optional(z.boolean()),
  /** Its agent is given the text of an earlier conversation with the first prompt (`earlier.ts`). */
  earlier: z.optional(z.boolean()),
  /** The host began the agent with this, before there was a session process; until that one has taken it up. */
  firstLaunch: z.optional(z.looseObject({ launchId: z.string(), threadId: z.string(), how: z.enum(["new", "resume"]) })),
  /** Words wait for the terminal's input line (`kept-words.ts`). */
  keptWords: z.optional(z.boolean()),
  /** Name given by the person who started it. */
  name: z.optional(z.string()),
  worktree: z.optional(worktreeSchema),
  launchId: z.optional(z.string()),
  /** The hub that has had this session's row last. */
  registeredAt: z.optional(z.string()),
  /** Where that address came from: it is asked there again when the hub is away. */
  hubFrom: z.optional(z.enum(["home", "settings"])),
});
export type SessionRecord = z.infer<typeof sessionRecordSchema>;

/** Null when there is none; a file that can't be understood is an error, never a fresh start. */
export function readRecord(dir: string): SessionRecord | null {
  let text: string;
  try {
    text = readFileSync(join(dir, RECORD_FILE), "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new AppError("internal", "The session's record can't be read", { cause });
  }
  try {
    return sessionRecordSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new AppError("internal", `The session's record ${join(dir, RECORD_FILE)} is damaged`, { cause });
  }
}

/** Keys of this file that are not ours (the host keeps its own facts in it) stay as they are on disk. */
export function writeRecord(dir: string, record: SessionRecord): void {
  const onDisk: Record<string, unknown> = readRecord(dir) ?? {};
  const host = onDisk["host"];
  writeFileAtomic(join(dir, RECORD_FILE), `${JSON.stringify({ ...record, host }, null, 2)}\n`, { mode: 0o600 });
}

/** The record of a running session: reads come from memory, every change is on disk before `update` returns. */
export interface RecordFile {
  readonly value: SessionRecord;
  update(patch: Partial<SessionRecord>): void;
}

export function openRecord(dir: string): RecordFile {
  const found = readRecord(dir);
  if (!found) throw new AppError("session_not_found", "There is no record of this session on this machine");
  let value = found;
  return {
    get value() {
      return value;
    },
    update(patch) {
      const next = { ...value, ...patch };
      if (JSON.stringify(next) === JSON.stringify(value)) return;
      writeRecord(dir, next);
      value = next;
    },
  };
}
