/**
 * Where each thing a driver says goes: records to the outbox (with their read offset), live text to the hub, requests to the broker, stages to the
 * inbox, names and modes to the record. Also keeps what the agent told about itself across restarts.
 */
import type { DriverEvent, DriverLog } from "@hapi/agents";
import { type AgentEvent, type BackgroundWork, normalizePermissionMode, type TerminalDialog } from "@hapi/protocol";
import type { Clock } from "@hapi/platform";
import type { Inbox } from "./inbox.ts";
import type { Ledger } from "./ledger.ts";
import type { SessionLink } from "@hapi/client/link";
import type { InForce } from "./in-force.ts";
import type { AgentFacts } from "./metadata.ts";
import type { Outbox } from "./outbox.ts";
import type { PermissionBroker } from "./permissions.ts";
import type { Losses } from "./losses.ts";
import { MAX_ENDED_TURNS, type Settings } from "./ledger-state.ts";
import type { RecordFile } from "./record.ts";
import type { Retrying } from "./retrying.ts";
import type { ScreenModel } from "./screen-model.ts";

/** Key of what the agent told about itself, beside the driver's own keys. */
const FACTS_KEY = "hapi.agentFacts";

export type Exited = Extract<DriverEvent, { type: "exited" }>;

export interface AgentEvents {
  emit(event: DriverEvent): void;
  readonly facts: AgentFacts;
  readonly thinking: boolean;
  /** What goes on beside the turns and would end with the agent's process. */
  readonly background: readonly BackgroundWork[];
  /** On the agent's own screen, answerable there only. */
  readonly dialog: TerminalDialog | null;
  /** The agent that was taken over is idle: whatever ran is over, and its record says how. */
  turnIsOver(): void;
  /** A turn that nothing will end any more is closed in the history, once. */
  closeTurn(outcome: "interrupted" | "failed", failure?: Extract<AgentEvent, { type: "turn-ended" }>["failure"]): void;
}

export interface AgentEventDeps {
  ledger: Ledger;
  record: RecordFile;
  inForce: InForce;
  outbox: Outbox;
  link: SessionLink;
  inbox(): Inbox;
  broker(): PermissionBroker;
  retrying(): Retrying;
  screen: ScreenModel;
  losses: Losses;
  exited(event: Exited): void;
  /** The agent has another conversation than before. */
  threadTakenUp(threadId: string): void;
  unsent(event: Extract<DriverEvent, { type: "unsent" }>): void;
  /** Anything shown at the hub or on the screen changed. */
  changed(): void;
  /** The queue may go on. */
  idle(): void;
  clock: Clock;
  log: DriverLog;
}

export function createAgentEvents(deps: AgentEventDeps): AgentEvents {
  const { ledger, record, inForce, outbox, link, screen, clock, log } = deps;
  const facts: AgentFacts = ledger.memory.get<AgentFacts>(FACTS_KEY) ?? {};

  let background: readonly BackgroundWork[] = [];
  let dialog: TerminalDialog | null = null;

  function remember(patch: Partial<AgentFacts>): void {
    const given = Object.entries(patch).filter(([, value]) => value !== undefined);
    if (given.every(([key, value]) => JSON.stringify(facts[key as keyof AgentFacts]) === JSON.stringify(value))) return;
    Object.assign(facts, Object.fromEntries(given));
    ledger.memory.commit({ [FACTS_KEY]: { ...facts } }).catch((cause: unknown) => log.warn("session.facts_not_kept", { cause }));
  }

  function setTurn(turn: string | null): void {
    if (ledger.state.facts.turn === turn) return;
    ledger.setFacts({ turn }).catch((cause: unknown) => log.warn("session.turn_not_kept", { cause }));
  }

  /** Written before the end itself: told again after a crash in between, it is known by its key. */
  function keepOutcome(key: string, event: Extract<AgentEvent, { type: "turn-ended" }>): void {
    const { endedTurns } = ledger.state.facts;
    if (event.parent !== undefined || endedTurns.includes(key)) return;
    const { outcome, failure, localIds } = event;
    const lastTurn = { outcome, at: clock.now(), localId: localIds?.at(-1) ?? null, ...(failure ? { failure } : {}) };
    ledger
      .setFacts({ lastTurn, endedTurns: [...endedTurns, key].slice(-MAX_ENDED_TURNS), ...deps.retrying().turnEnded(event) })
      .catch((cause: unknown) => log.warn("session.turn_not_kept", { cause }));
    deps.retrying().look();
  }

  function setThinking(thinking: boolean): void {
    if (thinking) setTurn(ledger.state.facts.turn ?? String(clock.now()));
    else setTurn(null);
    if (!thinking) deps.idle();
  }

  /** The agent's record knows when a tool was called and when it was done, not that it stood waiting for a person in between. */
  function withWait(event: AgentEvent): AgentEvent {
    if (event.type !== "tool-result") return event;
    const waitedMs = deps.broker().waitedMs(event.callId);
    return waitedMs > 0 ? { ...event, waitedMs } : event;
  }

  function recorded(event: Extract<DriverEvent, { type: "record" }>): void {
    if (event.event.type === "turn-ended") keepOutcome(event.key, event.event);
    outbox.add(event.key, withWait(event.event), { at: event.at, checkpoint: event.checkpoint });
    screen.record(event.event);
    if (event.event.type !== "turn-ended") return;
    const { outcome, failure, localIds } = event.event;
    if (localIds && localIds.length > 0) deps.inbox().turnEnded(outcome === "completed" ? "done" : outcome, failure, localIds);
  }

  function threadKnown(threadId: string): void {
    if (record.value.threadId !== threadId) deps.threadTakenUp(threadId);
    // Branching off is done once the agent has a conversation of its own.
    record.update(record.value.threadId === threadId ? { threadId } : { threadId, fork: undefined });
    log.info("agent.thread_known", { threadId });
  }

  function settings({ by }: { by?: "person" | undefined }, said: Settings): void {
    if (by === "person") inForce.chosen(said);
    else inForce.seen(said);
  }

  function emit(event: DriverEvent): void {
    switch (event.type) {
      case "record":
        recorded(event);
        break;
      case "stream":
        link.stream({ ...event.delta, done: event.done });
        screen.stream(event.delta, event.done ?? false);
        break;
      case "request":
        screen.requested(event.request);
        deps.broker().announced(event.request);
        break;
      case "request-closed":
        screen.requestClosed(event.id);
        deps.broker().closed(event);
        break;
      case "stage":
        if (event.stage === "handed") screen.prompted(event.localId, ledger.state.prompts.get(event.localId)?.text ?? "");
        deps.inbox().staged(event.localId, event.stage, event.failure);
        break;
      case "thinking":
        setThinking(event.thinking);
        break;
      case "dialog":
        dialog = event.dialog;
        break;
      case "background":
        background = event.work;
        deps.idle();
        break;
      case "loss":
        deps.losses.take(event);
        break;
      case "thread":
        threadKnown(event.threadId);
        break;
      case "mode":
        settings(event, { permissionMode: normalizePermissionMode(record.value.flavor, event.mode) ?? event.mode });
        break;
      case "model":
        settings(event, { model: event.model });
        break;
      case "title":
        if (facts.summary?.text !== event.title) remember({ summary: { text: event.title, updatedAt: clock.now() } });
        break;
      case "facts":
        remember({ tools: event.tools, slashCommands: event.slashCommands, version: event.version, models: event.models });
        break;
      case "unsent":
        deps.unsent(event);
        break;
      case "exited":
        inForce.over();
        deps.exited(event);
        break;
    }
    deps.changed();
  }

  return {
    emit,
    facts,
    get thinking() {
      return ledger.state.facts.turn !== null;
    },
    get dialog() {
      return dialog;
    },
    get background() {
      return background;
    },
    turnIsOver: () => setTurn(null),
    closeTurn(outcome, failure) {
      const { turn } = ledger.state.facts;
      if (turn === null) return;
      const id = `hapi:turn:${turn}:end`;
      const event = { type: "turn-ended" as const, id, outcome, failure };
      keepOutcome(id, event);
      outbox.add(id, event);
      screen.record(event);
      setTurn(null);
    },
  };
}
