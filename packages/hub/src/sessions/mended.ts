/** A session that could not be started because its agent was missing: its machine is asked now and then whether somebody has installed it. */
import type { Clock, Logger } from "@hapi/platform";
import { DEFAULT_FLAVOR, type Session, toAppError } from "@hapi/protocol";
import type { Rpc } from "../rpc/rpc.ts";

const askEveryMs = 60_000;
const askMs = 15_000;
const maxMachines = 1_000;
const mendable = new Set(["agent_not_installed", "agent_unsupported_version"]);

export interface MendedDeps {
  rpc: Pick<Rpc, "has" | "call">;
  /** It can be started now. */
  start(sessionId: string): void;
  clock: Clock;
  log: Logger;
}

export function createMendedLook({ rpc, start, clock, log }: MendedDeps): (session: Session, code: string) => Promise<void> {
  const askedAt = new Map<string, number>();
  return async (session, code) => {
    const { machineId, flavor } = session.metadata ?? {};
    if (!mendable.has(code) || machineId === undefined || !rpc.has("machine", machineId, "agent-availability")) return;
    const key = `${machineId} ${session.id}`;
    if (clock.now() - (askedAt.get(key) ?? Number.NEGATIVE_INFINITY) < askEveryMs) return;
    askedAt.delete(key);
    askedAt.set(key, clock.now());
    if (askedAt.size > maxMachines) askedAt.delete(askedAt.keys().next().value as string);
    try {
      const answer = await rpc.call("machine", machineId, "agent-availability", {}, { timeoutMs: askMs });
      if (isAvailable(answer, flavor ?? DEFAULT_FLAVOR)) start(session.id);
    } catch (cause) {
      log.info("session.mend_not_asked", { sessionId: session.id, code: toAppError(cause).code });
    }
  };
}

function isAvailable(answer: unknown, flavor: string): boolean {
  const agents = typeof answer === "object" && answer !== null && "agents" in answer && Array.isArray(answer.agents) ? answer.agents : [];
  return agents.some((one: { agent?: unknown; available?: unknown } | null) => one?.agent === flavor && one.available === true);
}
