/**
 * Which processes have a conversation open: Claude writes `sessions/<pid>.json` while it runs. Two on one conversation silently fork it, so
 * nothing is started before this says that nobody is there. Files of killed processes stay behind; pid and start time tell them apart.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { attempt, isAlive, processStartTime } from "@hapi/platform/lean";
import { num, parseJson, str } from "./json.ts";
import { liveSessionsDir } from "./paths.ts";

export interface LiveSession {
  pid: number;
  sessionId: string;
  /** `cli` for a terminal, `sdk-cli` for a driven process. */
  entrypoint: string;
  /** `busy`, `idle`, `waiting` (a dialog), `shell` (only something in the background), as Claude itself sees it. */
  status?: string;
}

function alive(pid: number, procStart: string | undefined): boolean {
  // Claude notes the start in the same words as the platform where that is /proc; elsewhere the words differ and only the pid counts.
  const comparable = process.platform === "linux" && procStart !== undefined && /^\d+$/.test(procStart);
  return comparable ? isAlive({ pid, startTime: procStart }) : processStartTime(pid) !== null;
}

export function liveSessions(env: Readonly<Record<string, string | undefined>>): LiveSession[] {
  const dir = liveSessionsDir(env);
  const names = attempt(() => readdirSync(dir), "no Claude ever ran here") ?? [];
  return names.flatMap((name) => {
    if (!/^\d+\.json$/.test(name)) return [];
    const text = attempt(() => readFileSync(join(dir, name), "utf8"), "it ended while we looked");
    const facts = text === undefined ? null : parseJson(text);
    const pid = num(facts?.["pid"]);
    const sessionId = str(facts?.["sessionId"]);
    if (!facts || pid === undefined || sessionId === undefined || !alive(pid, str(facts["procStart"]))) return [];
    return [{ pid, sessionId, entrypoint: str(facts["entrypoint"]) ?? "cli", status: str(facts["status"]) }];
  });
}

export function liveOnThread(env: Readonly<Record<string, string | undefined>>, threadId: string): LiveSession[] {
  return liveSessions(env).filter((session) => session.sessionId === threadId);
}
