/** Which sessions of this home have a living host. A host that answers its handshake is alive; files and pids prove nothing. */
import { rmSync } from "node:fs";
import { probeHost, shutdownHost } from "@hapi/host";
import { AppError, toAppError } from "@hapi/protocol";
import { sessionDir } from "@hapi/platform";
import { listSessionFiles } from "../session/create-session.ts";
import { hookSocketPath } from "../session/hook-door.ts";

export interface LivingSession {
  sessionId: string;
  flavor: string;
  directory: string;
  startedBy: string;
  hostPid: number;
  startedAt: number;
  viewers: number;
  /** Running agent processes; none means parked. */
  agentPids: number[];
}

/** Probes are cheap but not free: this many at a time. */
const AT_ONCE = 16;

export async function findLivingSessions(home: string): Promise<LivingSession[]> {
  const sessionFiles = listSessionFiles(home);
  const found: LivingSession[] = [];
  for (let start = 0; start < sessionFiles.length; start += AT_ONCE) {
    const batch = sessionFiles.slice(start, start + AT_ONCE).map(async (sessionFile) => {
      const facts = await probeOrNull(sessionDir(home, sessionFile.sessionId));
      if (!facts) return;
      found.push({
        sessionId: sessionFile.sessionId,
        flavor: sessionFile.flavor,
        directory: sessionFile.cwd,
        startedBy: sessionFile.startedBy,
        hostPid: facts.pid,
        startedAt: facts.startedAt,
        viewers: facts.viewers.length,
        agentPids: facts.processes.filter((process) => process.exit === null).map((process) => process.pid),
      });
    });
    await Promise.all(batch);
  }
  return found.sort((a, b) => b.startedAt - a.startedAt);
}

export const isLiving = async (home: string, sessionId: string): Promise<boolean> =>
  (await probeHost(sessionDir(home, sessionId))) !== null;

async function probeOrNull(dir: string): ReturnType<typeof probeHost> {
  try {
    return await probeHost(dir);
  } catch (cause) {
    // A host that is stuck or of another version: not ours to list; starting it again is refused elsewhere.
    if (toAppError(cause).code === "internal") throw cause;
    return null;
  }
}

export type EndOutcome = "stopped" | "already_gone" | "still_alive";

/** Ends host, session process and agent of one session, whatever the hub thinks. */
export async function endSession(home: string, sessionId: string): Promise<EndOutcome> {
  try {
    const wasThere = await shutdownHost(sessionDir(home, sessionId), { message: "The session was ended." });
    // The session process was not asked to tidy up: it left its door for a successor.
    if (wasThere) rmSync(hookSocketPath(home, sessionId), { force: true });
    return wasThere ? "stopped" : "already_gone";
  } catch (cause) {
    if (cause instanceof AppError && cause.code !== "internal") return "still_alive";
    throw cause;
  }
}
