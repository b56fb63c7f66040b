/**
 * Which session a person means: `.` for the one of this directory, an id or the beginning of one, or a name. The hub's list decides; while the
 * hub is away, what this machine has files of, and a whole id is believed.
 */
import { realpathSync } from "node:fs";
import type { HubApi } from "@hapi/client";
import { listSessionFiles, type SessionFile } from "@hapi/machine";
import { hapiHome, LATE, systemClock, within } from "@hapi/platform";
import { AppError, type SessionSummary, toAppError } from "@hapi/protocol";
import type { CommandContext } from "./command.ts";

const ASK_MS = 5_000;
const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

export interface WhichSession {
  id: string;
  /** Where the hub was asked. */
  row: SessionSummary | null;
  /** Where it belongs to this machine. */
  sessionFile: SessionFile | null;
}

interface Known {
  rows: readonly SessionSummary[] | null;
  sessionFiles: readonly SessionFile[];
  cwd: string;
}

/** One of `.`, an id, the beginning of one, a name. */
export async function findSession(api: HubApi, wanted: string, context: CommandContext): Promise<WhichSession> {
  const rows = await api.sessions.list();
  return pickSession(wanted, { rows, ...local(context) });
}

/** The same for what must work without a hub: `away` says why it could not be asked. */
export async function findSessionAnyway(
  api: HubApi,
  wanted: string,
  context: CommandContext,
): Promise<{ session: WhichSession; away: AppError | null }> {
  const known = local(context);
  try {
    return { session: pickSession(wanted, { rows: await listSoon(api), ...known }), away: null };
  } catch (cause) {
    const failure = toAppError(cause);
    if (!isAway(failure)) throw failure;
    return { session: pickSession(wanted, { rows: null, ...known }), away: failure };
  }
}

export function isAway(failure: AppError): boolean {
  return failure.code === "hub_unreachable" || failure.code === "timeout" || failure.code === "not_ready";
}

async function listSoon(api: HubApi): Promise<SessionSummary[]> {
  const rows = await within(systemClock, ASK_MS, (signal) => api.sessions.list(signal));
  if (rows === LATE) throw new AppError("timeout", "The hub does not answer in time");
  return rows;
}

/** Its id, where this machine has exactly one that fits. */
export function ofThisMachine(wanted: string, context: CommandContext): string | null {
  try {
    const { id, sessionFile } = pickSession(wanted, { rows: null, ...local(context) });
    return sessionFile ? id : null;
  } catch (cause) {
    if (toAppError(cause).code === "session_not_found") return null;
    throw cause;
  }
}

function local({ env, cwd }: CommandContext): Omit<Known, "rows"> {
  return { sessionFiles: listSessionFiles(hapiHome(env)), cwd: realpathSync(cwd) };
}

export function pickSession(wanted: string, known: Known): WhichSession {
  if (wanted === ".") return ofDirectory(known);
  const { rows, sessionFiles } = known;
  const found = rows
    ? fitting(wanted, rows, (row) => row.metadata?.name)
    : fitting(wanted, sessionFiles, (sessionFile) => sessionFile.name);
  const [id] = found;
  if (found.length > 1) throw new AppError("invalid_query", `"${wanted}" fits ${found.length} sessions; give more of the id.`);
  if (id !== undefined) return whole(id, known);
  if (rows === null && UUID.test(wanted)) return whole(wanted.toLowerCase(), known);
  throw new AppError(
    "session_not_found",
    rows === null
      ? `The hub is away, and this machine knows no session "${wanted}". Give the whole id, or try again when the hub is back.`
      : `No session is called "${wanted}" or has an id that begins so. See: hapi sessions`,
  );
}

function fitting<T extends { id: string } | { sessionId: string }>(
  wanted: string,
  all: readonly T[],
  nameOf: (one: T) => string | null | undefined,
): string[] {
  const idOf = (one: T): string => ("id" in one ? one.id : one.sessionId);
  const exact = all.filter((one) => idOf(one) === wanted || nameOf(one) === wanted);
  const isBeginning = wanted.trim() !== "";
  return (exact.length > 0 ? exact : all.filter((one) => isBeginning && idOf(one).startsWith(wanted))).map(idOf);
}

function whole(id: string, { rows, sessionFiles }: Known): WhichSession {
  return {
    id,
    row: rows?.find((row) => row.id === id) ?? null,
    sessionFile: sessionFiles.find((sessionFile) => sessionFile.sessionId === id) ?? null,
  };
}

/** One that runs before one that does not, then the newest, as `hapi` itself continues it; never an archived one. */
function ofDirectory(known: Known): WhichSession {
  const here = known.sessionFiles
    .filter((sessionFile) => sessionFile.cwd === known.cwd)
    .map((sessionFile) => whole(sessionFile.sessionId, known))
    .filter(({ row }) => known.rows === null || (row !== null && row.metadata?.lifecycleState !== "archived"));
  const found = here.find(({ row }) => row?.active) ?? here[0];
  if (found) return found;
  throw new AppError("session_not_found", "This directory has no session. Start one here with: hapi, or see: hapi sessions");
}

/** How a person recognizes it. */
export function titleOf({ id, row, sessionFile }: WhichSession): string {
  const { metadata } = row ?? {};
  return metadata?.name ?? metadata?.summary?.text ?? sessionFile?.name ?? metadata?.path ?? sessionFile?.cwd ?? id;
}
