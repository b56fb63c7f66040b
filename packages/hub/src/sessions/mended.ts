/** A session that could not be started because its agent was missing: its machine is asked now and then whether somebody has installed it. */
import type { Clock, Logger } from "@hapi/platform";
import { DEFAULT_FLAVOR, type Session, toAppError } from "@hapi/protocol";
import type { Rpc } from "../rpc/rpc.ts";

const askEveryMs = 60_000;
const askMs = 15_000;
const maxMachines = 1_000;
const mendable = new Set(["agent_not_installed", "agent_unsupported_version"]);

export interface MendedDeps {
  rpc: Pick<Rpc, "has" | "machine">;
  /** It can be started now. */
  start(sessionId: string): void;
  clock: Clock;
  log: Logger;
}

export function createMendedLook({ rpc, start, clock, log }: MendedDeps): (session: Session, code: string) => Promise<void> {
  const askedAt = new Map<string, number>();
  return async (session, code) => {
    const { machineId, flavor } = session.metadata ?? {};
    if (!mendable.has(code) || machineId === undefined) return;
    const machine = { id: machineId, namespace: session.namespace };
    if (!rpc.has("machine", machine, "agentAvailability")) return;
    const key = `${machineId} ${session.id}`;
    if (clock.now() - (askedAt.get(key) ?? Number.NEGATIVE_INFINITY) < askEveryMs) return;
    askedAt.delete(key);
    askedAt.set(key, clock.now());
    if (askedAt.size > maxMachines) askedAt.delete(askedAt.keys().next().value as string);
    try {
      const { agents } = await rpc.machine(machine).agentAvailability({}, { timeoutMs: askMs });
      if (agents.some(({ agent, available }) => agent === (flavor ?? DEFAULT_FLAVOR) && available)) start(session.id);
    } catch (cause) {
      log.info("session.mend_not_asked", { sessionId: session.id, code: toAppError(cause).code });
    }
  };
}
