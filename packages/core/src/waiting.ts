/**
 * Why an accepted prompt is not with its agent yet, or not begun by it. Pure, and total: there is always an answer, and `nothing` is a fault. Each reason ends by
 * itself (its machine comes, the turn ends, a pause is over) or by a named act of a person (answer, give the terminal back, resume).
 */
import type { AgentState, PromptWaiting, WaitingFor } from "@hapi/protocol";

/** A reason without its beginning is dated by whoever looks. */
export interface Waits {
  for: WaitingFor | (string & {});
  since?: number;
  until?: number;
  code?: string;
}

/** What a session process knows of the prompts it holds. */
export interface HeldPrompts {
  now: number;
  /** Waiting to be handed. */
  queued: number;
  /** One is on its way to the agent, and the hub has not heard so. */
  handing: boolean;
  /** A failed turn goes first: when it is sent again, null where it runs. Absent: none. */
  retryAt?: number | null;
  moving: boolean;
  /** A wanted change of front end, and what it waits for. */
  handoff?: { waitsFor: string; since: number };
  /** In the terminal, and nothing takes that away. */
  heldByTerminal: boolean;
  busy: boolean;
  openRequests: number;
  /** After a start that failed. */
  pausedUntil: number;
}

/** Null: it holds none, or goes on with them in this moment. */
export function heldPromptsWait(facts: HeldPrompts): Waits | null {
  if (facts.queued === 0) return facts.handing ? { for: facts.moving ? "start" : "agent" } : null;
  const turn: Waits = { for: facts.openRequests > 0 ? "approval" : "turn" };
  if (facts.moving) return { for: "start" };
  if (facts.handoff) {
    const { waitsFor, since } = facts.handoff;
    return waitsFor === "turn" ? { ...turn, since } : { for: waitsFor, since };
  }
  if (facts.retryAt !== undefined) return facts.retryAt === null ? turn : { for: "pause", until: facts.retryAt };
  if (facts.heldByTerminal) return { for: "terminal" };
  if (facts.busy) return turn;
  if (facts.handing) return { for: "agent" };
  return facts.pausedUntil > facts.now ? { for: "pause", until: facts.pausedUntil } : null;
}

/** What a session process knows of those that the agent has and has not begun with. */
export function givenPromptsWait({ openRequests, inTurn }: { openRequests: number; inTurn: boolean }): Waits {
  if (openRequests > 0) return { for: "approval" };
  return { for: inTurn ? "turn" : "uptake" };
}

/** What a hub knows of one prompt that waits: in its queue, or with an agent that has not begun with it. */
export interface QueuedPromptFacts {
  now: number;
  localId: string;
  acceptedAt: number;
  /** The agent has it since then. Absent: it is in the queue. */
  handedAt?: number;
  scheduledAt: number | null;
  /** It was accepted to start its session. */
  wakes: boolean;
  session: {
    active: boolean;
    archived: boolean;
    /** It said its last words. */
    ended: boolean;
    /** Its process says which prompts the agent has and has not begun with. */
    tellsGiven: boolean;
    starting: boolean;
    thinking: boolean;
    turnStartedAt?: number | null;
    agentState: AgentState | null;
    readOnlyWhileLocal: boolean;
  };
  /** Its process is connected. */
  connected: boolean;
  /** Sent, and not confirmed. */
  unconfirmed: boolean;
  /** The hub could not write down that it sends it. */
  diskFull: boolean;
  /** What is done to start the session. */
  start: { state: "starting" | "paused" | "refused"; since: number; until?: number; code?: string } | null;
  machine: "away" | "online" | "ready";
}

const DISK: ReadonlySet<string> = new Set(["database_full", "disk_failed"]);

export function promptWaits(facts: QueuedPromptFacts): Waits {
  if (facts.handedAt !== undefined) return waitsForAgent(facts, facts.handedAt);
  const { now, scheduledAt, session } = facts;
  if (scheduledAt !== null && scheduledAt > now) return { for: "time", since: facts.acceptedAt, until: scheduledAt };
  return session.active ? waitsForLiving(facts) : waitsForStart(facts);
}

function waitsForLiving({ session, connected, unconfirmed, diskFull }: QueuedPromptFacts): Waits {
  if (diskFull) return { for: "disk" };
  if (!connected || unconfirmed) return { for: "connection" };
  const said = wordOf(session.agentState);
  if (said) return said;
  // One that says nothing of its queue: another client's, or an older one.
  const { agentState, thinking, turnStartedAt } = session;
  const { handoff } = agentState ?? {};
  if (Object.keys(agentState?.requests ?? {}).length > 0) return { for: "approval" };
  if (handoff) return { for: handoff.waitsFor, since: handoff.since };
  if (agentState?.retry) return { for: "pause", until: agentState.retry.at };
  if (thinking) return { for: "turn", ...(turnStartedAt == null ? {} : { since: turnStartedAt }) };
  if (agentState?.controlledByUser === true && session.readOnlyWhileLocal) return { for: "terminal" };
  if (session.starting) return { for: "start" };
  return { for: "nothing" };
}

/** What its session says of it may come a moment after the stage. */
const TOLD_WITHIN_MS = 10_000;
/** An agent that took a prompt, runs nothing else and has not begun for so long may never do: a person is told, who can stop it. */
export const SILENT_AFTER_MS = 120_000;

/** Whoever's clock its beginning was read from, it was not before the hub heard that the agent has the prompt. */
function unlessSilent(waits: Waits & { since: number }, { now, handedAt = now }: QueuedPromptFacts): Waits {
  const isSilent = waits.for === "uptake" && now - Math.max(waits.since, handedAt) >= SILENT_AFTER_MS;
  return isSilent ? { ...waits, for: "silence" } : waits;
}

function waitsForAgent(facts: QueuedPromptFacts, handedAt: number): Waits {
  const { now, localId, session, connected, machine, start } = facts;
  if (!session.active) {
    if (start?.state === "starting") return { for: "start", since: start.since };
    if (session.starting) return { for: "start" };
    // With the next start its process says what became of it; of one that was killed the runner does.
    if (session.archived) return { for: "person", code: "session_archived" };
    if (session.ended) return { for: "person", code: "session_inactive" };
    return { for: machine === "away" ? "machine" : "runner" };
  }
  if (!connected) return { for: "connection" };
  const { agentState, thinking } = session;
  const { given } = agentState ?? {};
  if (given?.localIds.includes(localId)) return unlessSilent({ for: given.for, since: given.since }, facts);
  if (!session.tellsGiven) {
    const openRequests = Object.keys(agentState?.requests ?? {}).length;
    return unlessSilent({ ...givenPromptsWait({ openRequests, inTurn: thinking }), since: handedAt }, facts);
  }
  // It is the session's again: its agent ended before it began.
  const said = wordOf(agentState);
  if (said) return said;
  return now - handedAt < TOLD_WITHIN_MS ? { for: "uptake", since: handedAt } : { for: "nothing" };
}

function wordOf(state: AgentState | null): PromptWaiting | null {
  return state?.queue ?? null;
}

function waitsForStart({ session, start, wakes, machine }: QueuedPromptFacts): Waits {
  if (start?.state === "starting") return { for: "start", since: start.since };
  if (session.starting) return { for: "start" };
  if (start?.state === "paused") {
    const { since, until, code } = start;
    return { for: DISK.has(code ?? "") ? "disk" : "pause", since, ...(until === undefined ? {} : { until }), ...(code ? { code } : {}) };
  }
  if (session.archived) return { for: "person", code: "session_archived" };
  if (!wakes) return { for: "person", code: "session_inactive" };
  if (start) return { for: "person", since: start.since, ...(start.code ? { code: start.code } : {}) };
  if (machine === "away") return { for: "machine" };
  return machine === "online" ? { for: "runner" } : { for: "nothing" };
}
