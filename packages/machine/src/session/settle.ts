/**
 * `hapi __session settle DIR`: speaks for a session whose host was killed. What its ledger left open is closed by the rules of a new start (the
 * agent's own record decides), the hub hears it and that the session is over; no agent is started. Never while a host lives. Repeatable: the
 * host's mark (`host.json`) goes only when the hub shows the end.
 */
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { readHostMark, removeMark, whileHostless } from "@hapi/host";
import { AppError, type LastStart, type Session, toAppError } from "@hapi/protocol";
import { createLogger, HUB_ACCESS_ENV, HUB_ACCESS_FILE, type Logger, logDir, withHubAccess } from "@hapi/platform";
import { absentHost } from "./absent-host.ts";
import type { Ending } from "./ending.ts";
import { hookSocketPath } from "./hook-door.ts";
import { openLedger } from "./ledger.ts";
import type { Facts } from "./ledger-state.ts";
import { buildPorts, type Env, type SessionProcessOptions } from "./ports.ts";
import { openSessionFile, type SessionFile } from "./session-file.ts";
import { rowAtHub } from "./row-at-hub.ts";
import { settleExit } from "./settle-word.ts";
import { openSession } from "./session.ts";
import type { SessionPorts } from "./session-ports.ts";

const CONTACT_MS = 5_000;

export async function settleSession(dir: string, ownEnv: Env, options: SessionProcessOptions = {}): Promise<number> {
  // The runner that asks for it may know better than the session's last start.
  const env = withHubAccess(withHubAccess(ownEnv, join(dir, HUB_ACCESS_FILE)), ownEnv[HUB_ACCESS_ENV]);
  const home = dirname(dirname(dir));
  const { sessionId } = openSessionFile(dir).value;
  const log = createLogger({ name: "settle", file: join(logDir(home), `session-${sessionId}.log`), level: "info" });
  try {
    const done = await whileHostless(dir, () => settle({ dir, home, env, log }, options));
    if (!done.ran) return settleExit.hostLives;
    return done.value ? settleExit.settled : settleExit.notTold;
  } catch (cause) {
    const error = toAppError(cause);
    log.warn("session.not_settled", { code: error.code, message: error.message, cause: String(error.cause ?? "") });
    return error.code === "not_ready" ? settleExit.hostLives : settleExit.notTold;
  }
}

interface Place {
  dir: string;
  home: string;
  env: Env;
  log: Logger;
}

/** Answers whether the hub knows. */
async function settle({ dir, home, env, log }: Place, options: SessionProcessOptions): Promise<boolean> {
  const mark = readHostMark(dir);
  if (!mark) return true;
  const sessionFile = openSessionFile(dir);
  const { sessionId } = sessionFile.value;
  const ledger = await openLedger(dir);
  const host = absentHost(sessionId, mark.pid);
  const ports = buildPorts({ env, home, dir, sessionFile, ledger, host, log, hookCommand: [], hookSockets: [], hookEnv: {} }, options);
  const before = await rowOf(ports);
  if (before === "unreachable") {
    await ledger.close();
    return false;
  }
  if (before === "deleted") await ledger.close();
  else {
    const lost = lostStart(ledger.state.facts, sessionFile.value, ports.clock.now());
    if (lost) await ledger.setFacts({ lastStart: lost });
    const session = await openSession(ports);
    const { isTold } = await session.settle(endingOf(ledger.state.facts.lifecycle));
    // A row that shows the end may show it because nobody was heard for long: what became of the prompts is still to be said.
    if (!isTold) return false;
    const after = await rowOf(ports);
    if (after === "unreachable" || (after !== "deleted" && after.active)) return false;
  }
  removeMark(dir, { alsoOlder: true });
  rmSync(mark.socket, { force: true });
  rmSync(hookSocketPath(home, sessionId), { force: true });
  log.info("session.settled", { hostPid: mark.pid });
  return true;
}

async function rowOf({ link, sessionFile, clock }: SessionPorts): Promise<Session | "deleted" | "unreachable"> {
  try {
    return await rowAtHub({ session: () => link.session(), register: (row) => link.register(row) }, sessionFile.value, clock.now());
  } catch (cause) {
    return toAppError(cause).code === "session_not_found" ? "deleted" : "unreachable";
  }
}

/** The host died before its agent was there: whoever waits for that start hears why it came to nothing, and that another one may do. */
export function lostStart(facts: Pick<Facts, "lifecycle" | "front">, sessionFile: SessionFile, now: number): LastStart | null {
  if (facts.lifecycle !== "initializing") return null;
  const { threadId, fork } = sessionFile;
  const { code, message } = new AppError("host_gone", "The session's host was killed while its agent started");
  const how = threadId === undefined ? "new" : fork ? "fork" : "resume";
  return { at: now, front: facts.front, asked: threadId ?? null, how, used: null, failure: { code, message } };
}

function endingOf(lifecycle: string): Ending {
  const common = { exitCode: 1, reason: "terminated", contactMs: CONTACT_MS };
  // It had come to its end already and only could not say it.
  if (lifecycle === "completed" || lifecycle === "failed") return { ...common, lifecycle };
  return { ...common, lifecycle: "aborted" };
}
