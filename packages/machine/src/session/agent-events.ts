/**
 * Where each thing a driver says goes: records to the backlog (with their read offset), live text to the hub, requests to the broker, stages to the
 * inbox, names and modes to the session file.
 */
import type { DriverEvent, DriverLog } from "@hapi/agents";
import type { SessionLink } from "@hapi/client/link";
import { type AgentEvent, normalizePermissionMode } from "@hapi/protocol";
import type { Clock } from "@hapi/platform";
import type { AgentView } from "./agent-view.ts";
import type { Earlier } from "./earlier.ts";
import type { InForce } from "./in-force.ts";
import type { Inbox } from "./inbox.ts";
import type { KeptWords } from "./kept-words.ts";
import type { Ledger } from "./ledger.ts";
import type { Settings } from "./ledger-state.ts";
import type { Losses } from "./losses.ts";
import type { Backlog } from "./backlog.ts";
import type { PermissionBroker } from "./permissions.ts";
import type { OpenSessionFile } from "./session-file.ts";
import type { ScreenModel } from "./screen-model.ts";
import type { Turns } from "./turns.ts";

export type Exited = Extract<DriverEvent, { type: "exited" }>;
export type TerminalClosed = Extract<DriverEvent, { type: "terminal-closed" }>;

export interface AgentEventDeps {
  ledger: Ledger;
  sessionFile: OpenSessionFile;
  agent: AgentView;
  inForce: InForce;
  backlog: Backlog;
  link: SessionLink;
  inbox: Inbox;
  broker: PermissionBroker;
  turns: Turns;
  screen: ScreenModel;
  losses: Losses;
  kept: KeptWords;
  earlier: Earlier;
  exited(event: Exited): void;
  terminalClosed(event: TerminalClosed): void;
  /** The agent has another conversation than before. */
  threadTakenUp(threadId: string): void;
  /** Anything shown at the hub or on the screen changed. */
  changed(): void;
  /** The queue may go on. */
  idle(): void;
  clock: Clock;
  log: DriverLog;
}

/** The agent's record knows when a tool was called and when it was done, not that it stood waiting for a person in between. */
function withWait(broker: PermissionBroker, event: AgentEvent): AgentEvent {
  if (event.type !== "tool-result") return event;
  const waitedMs = broker.waitedMs(event.callId);
  return waitedMs > 0 ? { ...event, waitedMs } : event;
}

function settingOf(event: Extract<DriverEvent, { type: "mode" | "model" | "effort" }>, flavor: string): Settings {
  if (event.type === "model") return { model: event.model };
  if (event.type === "effort") return { effort: event.effort };
  return { permissionMode: normalizePermissionMode(flavor, event.mode) ?? event.mode };
}

export function routeAgentEvents(deps: AgentEventDeps): (event: DriverEvent) => void {
  const { ledger, sessionFile, agent, inForce, backlog, link, inbox, broker, turns, screen, clock, log } = deps;
  function setThinking(thinking: boolean): void {
    agent.setTurn(thinking ? (ledger.state.facts.turn ?? String(clock.now())) : null);
    if (!thinking) deps.idle();
  }

  function recorded({ key, event, at, checkpoint }: Extract<DriverEvent, { type: "record" }>): void {
    if (event.type === "turn-ended") turns.ended(key, event);
    backlog.add(key, withWait(broker, event), { at, checkpoint });
    screen.record(event);
    agent.recorded(event);
    if (event.type !== "turn-ended") return;
    const { outcome, failure, localIds } = event;
    if (localIds && localIds.length > 0) inbox.turnEnded(outcome === "completed" ? "done" : outcome, failure, localIds);
  }

  function staged({ localId, stage, failure }: Extract<DriverEvent, { type: "stage" }>): void {
    if (stage === "handed") screen.prompted(localId, ledger.state.prompts.get(localId)?.text ?? "");
    inbox.staged(localId, stage, failure);
  }

  function threadKnown(threadId: string): void {
    if (sessionFile.value.threadId !== threadId) deps.threadTakenUp(threadId);
    // Branching off is done once the agent has a conversation of its own.
    sessionFile.update(sessionFile.value.threadId === threadId ? { threadId } : { threadId, fork: undefined });
    log.info("agent.thread_known", { threadId });
  }

  function settings(event: Extract<DriverEvent, { type: "mode" | "model" | "effort" }>): void {
    inForce[event.by === "person" ? "chosen" : "seen"](settingOf(event, sessionFile.value.flavor));
  }

  function titled(text: string): void {
    if (!agent.facts.isTitleChosen && agent.facts.summary?.text !== text) agent.remember({ summary: { text, updatedAt: clock.now() } });
  }

  function route(event: DriverEvent): void {
    switch (event.type) {
      case "record":
        return recorded(event);
      case "stream":
        link.stream({ ...event.delta, done: event.done });
        return screen.stream(event.delta, event.done ?? false);
      case "request":
        screen.requested(event.request);
        return broker.announced(event.request);
      case "request-closed":
        screen.requestClosed(event.id);
        return broker.closed(event);
      case "stage":
        return staged(event);
      case "thinking":
        return setThinking(event.thinking);
      case "dialog":
        agent.dialog = event.dialog;
        return;
      case "background":
        agent.background = event.work;
        return deps.idle();
      case "loss":
        return deps.losses.take(event);
      case "thread":
        return threadKnown(event.threadId);
      case "mode":
      case "model":
      case "effort":
        return settings(event);
      case "title":
        return titled(event.title);
      case "facts":
        return agent.remember({ tools: event.tools, slashCommands: event.slashCommands, version: event.version, models: event.models });
      case "unsent":
        return deps.kept.left(event);
      case "exited":
        inForce.over();
        return deps.exited(event);
      case "terminal-closed":
        return deps.terminalClosed(event);
    }
  }

  return (event) => {
    route(event);
    deps.changed();
    if (event.type === "stage") deps.earlier.staged(event.localId, event.stage);
  };
}
