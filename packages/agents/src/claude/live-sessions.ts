/**
 * Which processes have a conversation open: Claude writes `sessions/<pid>.json` while it runs. Two on one conversation silently fork it, so
 * nothing is started before this says that nobody is there. Files of killed processes stay behind; pid and start time tell them apart.
 */
import { join } from "node:path";
import { attempt, type Clock, delay, type Processes } from "@hapi/platform/lean";
import { AppError } from "@hapi/protocol";
import { num, parseJson, str } from "./json.ts";
import { liveSessionsDir } from "./paths.ts";
import type { Home } from "./system.ts";

export interface LiveSession {
  pid: number;
  sessionId: string;
  /** `cli` for a terminal, `sdk-cli` for a driven process. */
  entrypoint: string;
  /** `busy`, `idle`, `waiting` (a dialog), `shell` (only something in the background), as Claude itself sees it. */
  status?: string;
  /** When it changed that, ms; of versions that don't say it, nothing. */
  statusSince?: number;
  /** What a dialog is about, in Claude's own words: `permission prompt`, `input needed`. */
  waitingFor?: string;
}

function alive(processes: Processes, pid: number, procStart: string | undefined): boolean {
  // Claude notes the start in the same words as the platform where that is /proc; elsewhere the words differ and only the pid counts.
  const comparable = process.platform === "linux" && procStart !== undefined && /^\d+$/.test(procStart);
  const startTime = processes.startTime(pid);
  return comparable ? startTime === procStart : startTime !== null;
}

function readLive({ files, processes }: Home["system"], path: string): LiveSession | null {
  const text = attempt(() => files.text(path), "it ended while we looked");
  const facts = text === undefined ? null : parseJson(text);
  const pid = num(facts?.["pid"]);
  const sessionId = str(facts?.["sessionId"]);
  if (!facts || pid === undefined || sessionId === undefined || !alive(processes, pid, str(facts["procStart"]))) return null;
  return {
    pid,
    sessionId,
    entrypoint: str(facts["entrypoint"]) ?? "cli",
    status: str(facts["status"]),
    statusSince: num(facts["statusUpdatedAt"]),
    waitingFor: str(facts["waitingFor"]),
  };
}

function liveSessions({ env, system }: Home): LiveSession[] {
  const dir = liveSessionsDir(env);
  const names = attempt(() => system.files.names(dir), "no Claude ever ran here") ?? [];
  return names.flatMap((name) => (/^\d+\.json$/.test(name) ? (readLive(system, join(dir, name)) ?? []) : []));
}

/** By its process; null also where that Claude keeps no such file. */
export function liveProcess({ env, system }: Home, pid: number): LiveSession | null {
  return readLive(system, join(liveSessionsDir(env), `${pid}.json`));
}

export function liveOnThread(home: Home, threadId: string): LiveSession[] {
  return liveSessions(home).filter((session) => session.sessionId === threadId);
}

/** A process that is just ending takes so long. */
const ENDING_MS = 3_000;
const LOOK_EVERY_MS = 50;

type Waiting = Home & { clock: Clock };

/** Until no living process has the conversation open any more; false: one still has when the time is over. */
export async function untilAlone(context: Waiting, threadId: string, withinMs: number): Promise<boolean> {
  return (await whoStays(context, threadId, withinMs)) === null;
}

/** @throws AppError `thread_in_use` */
export async function requireAlone(context: Waiting, threadId: string): Promise<void> {
  const other = await whoStays(context, threadId, ENDING_MS);
  if (!other) return;
  const { pid } = other;
  throw new AppError("thread_in_use", `This conversation is open in another Claude Code (process ${pid}); close it there first`, {
    details: { pid, threadId },
  });
}

async function whoStays(context: Waiting, threadId: string, withinMs: number): Promise<LiveSession | null> {
  const { clock } = context;
  for (const deadline = clock.now() + withinMs; ; await delay(LOOK_EVERY_MS, { clock })) {
    const [other] = liveOnThread(context, threadId);
    if (!other) return null;
    if (clock.now() > deadline) return other;
  }
}
