/**
 * Sessions whose host ended without saying so (kill, loss of power): it left its mark in the session's folder, and its process is gone. A host
 * that ends in good order removes the mark; one that is stuck still runs and is not lost.
 *
 * Asked every few seconds, of a home that keeps every session there ever was: a look costs what has a mark. Which folders have come or changed is
 * seen by the folder around them (a new host touches it, `leaveMark`); now and then all are compared, for hosts of a version that does not.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { hostFile, type HostMark, hostMarkIn } from "@hapi/host";
import { attempt, isAlive, sessionDir, sessionsDir } from "@hapi/platform";
import { AppError } from "@hapi/protocol";
import { readSessionFile, SESSION_FILE, type SessionFile } from "../session/session-file.ts";

/** Once in so many looks: a minute. */
const COMPARE_ALL_EVERY = 12;

/** What a look asks the disk. */
export interface SessionFiles {
  /** Another one after every change: compared for equality only, so that no clock that is set can hide one. Null: not there. @throws AppError */
  print(path: string): string | null;
  /** @throws AppError */
  names(path: string): string[];
  /** In the host's own file. Null: it ended in good order. @throws AppError it can't be read, or is damaged */
  mark(dir: string): HostMark | null;
  /** @throws AppError it can't be read, or is damaged */
  sessionFile(dir: string): SessionFile | null;
}

interface Seen {
  /** Of the file that has the mark. */
  print: string;
  /** Null: it ended in good order. */
  marked: Marked | null;
}

interface Marked {
  mark: HostMark;
  sessionFile: SessionFile;
  recordPrint: string | null;
}

/** Answers with each call what is lost now, the newest first. */
export function createLostSearch(home: string, files: SessionFiles = sessionFiles): () => SessionFile[] {
  const seen = new Map<string, Seen>();
  /** Looked at each time: those with a mark, and those that could not be read. */
  const watched = new Set<string>();
  let around: string | null = null;
  let looks = 0;

  function visit(id: string): void {
    let found: Seen | "none" | "unreadable";
    try {
      found = see(id);
    } catch (cause) {
      if (!(cause instanceof AppError)) throw cause;
      // No session's name at all, a damaged session file, or nothing that will last.
      found = cause.code === "session_not_found" ? "none" : "unreadable";
    }
    if (typeof found === "string") seen.delete(id);
    else seen.set(id, found);
    if (found === "none" || (found !== "unreadable" && !found.marked)) watched.delete(id);
    else watched.add(id);
  }

  function see(id: string): Seen | "none" {
    const dir = sessionDir(home, id);
    const before = seen.get(id);
    // Before the content: what changes meanwhile is seen by the next look.
    const ofHost = files.print(hostFile(dir));
    const print = ofHost ?? files.print(join(dir, SESSION_FILE));
    if (print === null) return "none";
    if (print === before?.print) return before;
    const own = ofHost === null ? undefined : files.mark(dir);
    if (own === null) return { print, marked: null };
    const recordPrint = ofHost === null ? print : files.print(join(dir, SESSION_FILE));
    const sessionFile = files.sessionFile(dir);
    if (!sessionFile) return "none";
    const mark = own ?? hostMarkIn(sessionFile);
    // In a copy of another session's folder it means nothing.
    return { print, marked: mark && sessionFile.sessionId === id ? { mark, sessionFile, recordPrint } : null };
  }

  /** Its session file as it is now: the session wrote in it while its host lived. Null: not to be had. */
  function recordNow(id: string, marked: Marked): SessionFile | null {
    const dir = sessionDir(home, id);
    try {
      const print = files.print(join(dir, SESSION_FILE));
      if (print === marked.recordPrint) return marked.sessionFile;
      const sessionFile = files.sessionFile(dir);
      if (sessionFile) Object.assign(marked, { record: sessionFile, recordPrint: print });
      return sessionFile;
    } catch (cause) {
      if (!(cause instanceof AppError)) throw cause;
      return null;
    }
  }

  function lost(id: string): SessionFile[] {
    const marked = seen.get(id)?.marked;
    if (!marked || isAlive(marked.mark)) return [];
    const sessionFile = recordNow(id, marked);
    return sessionFile ? [sessionFile] : [];
  }

  function visitAll(): void {
    const names = new Set(files.names(sessionsDir(home)));
    for (const id of seen.keys()) if (!names.has(id)) seen.delete(id);
    for (const id of watched) if (!names.has(id)) watched.delete(id);
    for (const id of names) visit(id);
  }

  return () => {
    const now = files.print(sessionsDir(home));
    if (now !== around || looks % COMPARE_ALL_EVERY === 0) visitAll();
    else for (const id of watched) visit(id);
    around = now;
    looks += 1;
    return [...watched].flatMap(lost).sort((a, b) => b.createdAt - a.createdAt);
  };
}

export const sessionFiles: SessionFiles = {
  print(path) {
    const stat = orNone(() => statSync(path, { bigint: true }), null);
    return stat && [stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join(":");
  },
  names: (path) => orNone(() => readdirSync(path), []),
  mark(dir) {
    const text = orNone(() => readFileSync(hostFile(dir), "utf8"), null);
    if (text === null) return null;
    const file: unknown = attempt(() => JSON.parse(text), "half of a file, from a foreign hand");
    if (typeof file === "object" && file !== null) return hostMarkIn(file as Record<string, unknown>);
    throw new AppError("internal", `${hostFile(dir)} is damaged`);
  },
  sessionFile: readSessionFile,
};

function orNone<T, N>(ask: () => T, none: N): T | N {
  try {
    return ask();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return none;
    throw new AppError("internal", "The folders of the sessions can't be read", { cause });
  }
}
