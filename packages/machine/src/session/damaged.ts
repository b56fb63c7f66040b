/** Files of sessions on this machine that can't be read any more: which, what went with it, and what to do. Changes nothing. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { inspectJournal, sessionDir, sessionsDir } from "@hapi/platform";
import { AppError } from "@hapi/protocol";
import { LEDGER_FILE } from "./ledger.ts";
import { areLossesReadable, LOSSES_FILE } from "./losses.ts";
import { readSessionFile, SESSION_FILE } from "./session-file.ts";

/** A longer ledger is not read through for this. */
const MAX_LEDGER_BYTES = 32 * 1024 * 1024;

export interface DamagedFile {
  sessionId: string;
  path: string;
  /** `session`: it can't be started on this machine. `ledger`, `counts`: it can, and lacks something. */
  what: "session" | "ledger" | "counts";
  lost: string;
  step: string;
}

/** In the order of the sessions' ids. */
export function damagedFiles(home: string): DamagedFile[] {
  return sessionIds(home).flatMap((sessionId) => {
    const dir = sessionDir(home, sessionId);
    return [...recordOf(dir, sessionId), ...ledgerOf(dir, sessionId), ...countsOf(dir, sessionId)];
  });
}

function sessionIds(home: string): string[] {
  try {
    return readdirSync(sessionsDir(home)).toSorted();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw cause;
  }
}

function recordOf(dir: string, sessionId: string): DamagedFile[] {
  try {
    readSessionFile(dir);
    return [];
  } catch (cause) {
    if (!(cause instanceof AppError)) throw cause;
    const path = join(dir, SESSION_FILE);
    const { code } = (cause.cause ?? {}) as NodeJS.ErrnoException;
    // Whole perhaps, and not ours to read.
    if (code !== undefined)
      return [
        {
          sessionId,
          path,
          what: "session",
          lost: `it can't be read (${code}), so the session can't be started here`,
          step: "make it readable for this user",
        },
      ];
    return [
      {
        sessionId,
        path,
        what: "session",
        lost: "its options and environment, and that this machine has it: it can't be started here. Its conversation is the agent's, and stays",
        step: `move the file away (mv ${path} ${path}.damaged), then resume the session in the web app: folder, conversation, mode and model come from the hub`,
      },
    ];
  }
}

function ledgerOf(dir: string, sessionId: string): DamagedFile[] {
  const path = join(dir, LEDGER_FILE);
  const lost = "where some of its prompts and answers were, or words that the hub had not taken";
  const kept = `${path}.damaged`;
  if (existsSync(kept))
    return [
      {
        sessionId,
        path: kept,
        what: "ledger",
        lost: `${lost}; what was whole was kept, and the session goes on with it`,
        step: "look at the end of its history, send again what is missing, then remove this file",
      },
    ];
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size === 0 || size > MAX_LEDGER_BYTES) return [];
  const { isDamaged, lostLines } = inspectJournal(path);
  if (!isDamaged) return [];
  const lines = lostLines === 1 ? "1 line" : `${lostLines} lines`;
  return [
    {
      sessionId,
      path,
      what: "ledger",
      lost: `${lines} of it: ${lost}`,
      step: "it is mended by the session's next start; look at the end of its history then",
    },
  ];
}

function countsOf(dir: string, sessionId: string): DamagedFile[] {
  if (areLossesReadable(dir)) return [];
  const path = join(dir, LOSSES_FILE);
  return [
    {
      sessionId,
      path,
      what: "counts",
      lost: "how often something was noticed to be missing; the warnings stand in its history",
      step: `remove it (rm ${path})`,
    },
  ];
}
