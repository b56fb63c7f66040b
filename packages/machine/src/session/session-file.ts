/**
 * session.json: who a session is and how its agent is started. This file is the durable map session ↔ agent thread; the thread id is in it
 * before the first prompt is handed. Written only whole (temp file, fsync, rename), by whoever prepares the session before its host starts, and by
 * its session process from then on. No credential is ever in it.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { hostFile } from "@hapi/host/start";
import { attempt, writeFileAtomic } from "@hapi/platform/lean";
import { AppError } from "@hapi/protocol/errors";
import { isSessionFile, type SessionFile } from "./session-file-shape.ts";

export type { SessionFile } from "./session-file-shape.ts";

export const SESSION_FILE = "session.json";

/** Null when there is none; a file that can't be understood is an error, never a fresh start. */
export function readSessionFile(dir: string): SessionFile | null {
  let text: string;
  try {
    text = readFileSync(join(dir, SESSION_FILE), "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new AppError("internal", "The session's file can't be read", { cause });
  }
  const value: unknown = attempt(() => JSON.parse(text), "half of a file, from a foreign hand");
  if (isSessionFile(value)) return value;
  throw new AppError("internal", `The session's file ${join(dir, SESSION_FILE)} is damaged`);
}

export function writeSessionFile(dir: string, sessionFile: SessionFile): void {
  writeFileAtomic(join(dir, SESSION_FILE), `${JSON.stringify({ ...sessionFile, host: olderMark(dir) }, null, 2)}\n`, { mode: 0o600 });
}

/** A host of a version without a file of its own keeps its facts under `host` in this one: they stay as they are on disk. */
function olderMark(dir: string): unknown {
  return existsSync(hostFile(dir)) ? undefined : readSessionFile(dir)?.["host"];
}

/** The file of a running session: reads come from memory, every change is on disk before `update` returns. */
export interface OpenSessionFile {
  readonly value: SessionFile;
  update(patch: Partial<SessionFile>): void;
}

export function openSessionFile(dir: string): OpenSessionFile {
  const found = readSessionFile(dir);
  if (!found) throw new AppError("session_not_found", "This machine has no file of this session");
  let value = found;
  return {
    get value() {
      return value;
    },
    update(patch) {
      const next = { ...value, ...patch };
      if (JSON.stringify(next) === JSON.stringify(value)) return;
      writeSessionFile(dir, next);
      value = next;
    },
  };
}
