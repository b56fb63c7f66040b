/** What the parts of this hub know of a prompt that waits, for `promptWaits`. */
import type { QueuedPromptFacts } from "@hapi/core";
import { capability, type Session } from "@hapi/protocol";
import type { MachinePresence } from "../machines/presence.ts";
import type { MachineStore } from "../machines/store.ts";
import type { Links } from "../rpc/links.ts";
import type { Rpc } from "../rpc/rpc.ts";
import type { Delivery } from "./delivery.ts";
import type { PromptWatchDeps } from "./watch.ts";

export interface FactSources {
  machines: Pick<MachineStore, "list">;
  machinePresence: Pick<MachinePresence, "isOnline">;
  rpc: Pick<Rpc, "has">;
  links: Pick<Links, "of">;
  delivery: Pick<Delivery, "stateOf">;
  /** What is done to start a session. */
  waker: { stateOf(sessionId: string): QueuedPromptFacts["start"] };
  /** By whomever. */
  isStarting(session: Session): boolean;
}

const ENDED: ReadonlySet<string> = new Set(["completed", "aborted", "failed", "archived"]);

export function promptFacts(sources: FactSources): PromptWatchDeps["facts"] {
  const { machines, machinePresence, rpc, links, delivery, waker } = sources;

  /** Its own, or another registration of the same computer. */
  async function machineOf({ namespace, metadata }: Session): Promise<QueuedPromptFacts["machine"]> {
    const isReady = (id: string): boolean => rpc.has("machine", { id, namespace }, "spawnHappySession");
    const own = metadata?.machineId;
    if (own !== undefined && machinePresence.isOnline(own)) return isReady(own) ? "ready" : "online";
    const same = (await machines.list(namespace)).filter(
      ({ id, metadata: known }) => known?.host !== undefined && known.host === metadata?.host && machinePresence.isOnline(id),
    );
    return same.some(({ id }) => isReady(id)) ? "ready" : same.length > 0 ? "online" : "away";
  }

  return async (session) => {
    const { active, thinking, turnStartedAt, agentState, metadata } = session;
    const common = {
      session: {
        active,
        ended: ENDED.has(metadata?.lifecycleState ?? ""),
        tellsGiven: capability(metadata, "given") === true,
        archived: metadata?.lifecycleState === "archived",
        starting: sources.isStarting(session) || (active && metadata?.lifecycleState === "initializing"),
        thinking,
        turnStartedAt: typeof turnStartedAt === "number" ? turnStartedAt : null,
        agentState: agentState ?? null,
        readOnlyWhileLocal: metadata?.["remoteWhileLocal"] === "read-only",
      },
      connected: links.of("session", session.id).length > 0,
      start: active ? null : waker.stateOf(session.id),
      machine: active ? ("ready" as const) : await machineOf(session),
    };
    return (localId) => {
      const delivered = active ? delivery.stateOf(session.id, localId) : null;
      return { ...common, unconfirmed: delivered === "unconfirmed", diskFull: delivered === "unwritten" };
    };
  };
}
