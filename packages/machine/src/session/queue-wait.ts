/** What the prompts in this session wait for, and those that its agent has and has not begun with, as the hub shows it: since when the same holds, too. */
import { givenPromptsWait, heldPromptsWait } from "@hapi/core";
import type { Clock } from "@hapi/platform";
import type { AgentState, PromptWaiting } from "@hapi/protocol";
import type { AgentSupervisor } from "./agent-supervisor.ts";
import type { HandoffLoop } from "./handoff-loop.ts";
import type { Control } from "./handoff-steps.ts";
import type { Inbox } from "./inbox.ts";
import type { PermissionBroker } from "./permissions.ts";
import type { Facts } from "./ledger-state.ts";
import { retryOnWire } from "./retry-plan.ts";
import { holdsQueue, type RetrySending } from "./retrying.ts";

export interface QueueWaitDeps {
  inbox: Pick<Inbox, "queued" | "current">;
  loop: Pick<HandoffLoop, "state">;
  control: Pick<Control, "pausedUntil">;
  supervisor: Pick<AgentSupervisor, "front" | "busy" | "moving">;
  facts: Facts;
  sending: RetrySending;
  broker: Pick<PermissionBroker, "openCount">;
  remoteWhileLocal(): "switch" | "read-only";
  clock: Clock;
}

export function createQueueWait(deps: QueueWaitDeps): () => PromptWaiting | undefined {
  const { inbox, loop, control, supervisor, facts, sending, broker, clock } = deps;
  let last: { for: string; since: number } | null = null;

  return () => {
    const now = clock.now();
    const { state } = loop;
    const stage = inbox.current?.stage;
    const waits = heldPromptsWait({
      now,
      queued: inbox.queued,
      handing: stage === "handing",
      moving: supervisor.moving || state.state === "switching",
      ...(holdsQueue(sending, facts) ? { retryAt: retryOnWire(facts)?.at ?? null } : {}),
      ...(state.state === "held" ? { handoff: { waitsFor: "terminal", since: state.since } } : {}),
      ...(state.state === "draining" ? { handoff: { waitsFor: state.waitsFor, since: state.since } } : {}),
      heldByTerminal: state.state === "held" || (supervisor.front === "local" && deps.remoteWhileLocal() === "read-only"),
      busy: supervisor.busy || (stage !== undefined && stage !== "handing"),
      openRequests: broker.openCount,
      pausedUntil: control.pausedUntil,
    });
    if (!waits) {
      last = null;
      return undefined;
    }
    const { for: what, until } = waits;
    const since = waits.since ?? (last?.for === what ? last.since : now);
    last = { for: what, since };
    return { for: what, since, ...(until === undefined ? {} : { until }) };
  };
}

export interface GivenWaitDeps {
  inbox: Pick<Inbox, "given">;
  broker: Pick<PermissionBroker, "openCount">;
  /** The agent has begun a turn, and not ended it: that it was given something is not enough. */
  isInTurn(): boolean;
  facts: Pick<Facts, "lastTurn">;
}

/** Named on the wire; those behind them wait for the same. */
const MAX_GIVEN = 50;

export function createGivenWait({ inbox, broker, isInTurn, facts }: GivenWaitDeps): () => AgentState["given"] {
  return () => {
    const { given } = inbox;
    const [oldest] = given;
    if (!oldest) return undefined;
    const waits = givenPromptsWait({ openRequests: broker.openCount, inTurn: isInTurn() });
    // What was given behind a turn could not begin before its end.
    const since = waits.for === "uptake" ? Math.max(oldest.stageAt, facts.lastTurn?.at ?? 0) : oldest.stageAt;
    return { for: waits.for, since, localIds: given.slice(0, MAX_GIVEN).map(({ localId }) => localId) };
  };
}
