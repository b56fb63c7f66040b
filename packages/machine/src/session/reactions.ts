/** What follows from what happens in a session: every signal's listeners, and every listener to the world that is nobody's own. */
import { noticeWords, type Session } from "@hapi/protocol";
import { routeAgentEvents } from "./agent-events.ts";
import type { Ending } from "./ending.ts";
import { createOutcomes } from "./outcomes.ts";
import { createParking, type Parking } from "./parking.ts";
import type { SessionParts } from "./parts.ts";
import { createRememberedChoices } from "./remembered-choices.ts";
import type { SessionPorts } from "./session-ports.ts";
import { sharedConversation } from "./shared-conversation.ts";
import type { SessionState } from "./state.ts";
import { updateHandler } from "./update-handler.ts";

/** A person deleted it at the hub while it ran: nobody is left to hear its last words. */
const DELETED: Ending = {
  lifecycle: "aborted",
  exitCode: 1,
  reason: "deleted",
  message: "The session was deleted at the hub.",
  isForgotten: true,
};
const EXIT: Ending = { lifecycle: "completed", exitCode: 0, reason: "exit", message: "Session ended." };
/** Stopping an idle agent. */
const PARK_GRACE_MS = 10_000;

export interface Reactions {
  /** Listens to link and host no more. */
  leaveWorld(): void;
}

export function react(ports: SessionPorts, state: SessionState, parts: SessionParts): Reactions {
  const { signals, life } = state;
  const parking = parkingOf(ports, state, parts);
  const leaveWorld = listenToWorld(ports, state, parts, parking);
  life.onClose(parking.close);
  life.onClose(leaveWorld);
  signals.changed.on(() => {
    if (life.isEnding) return;
    parts.heartbeat.touch();
    parts.hub.touch();
    parts.screen.touch();
    parking.poke();
  });
  signals.queueDue.on(() => {
    if (!life.isEnding) parts.loop.poke();
  });
  signals.lifecycleSet.on(() => parts.hub.touch());
  reactToAgent(ports, state, parts);
  reactToPerson(ports, state, parts);
  reactToHub(ports, state, parts);
  return { leaveWorld };
}

function listenToWorld(
  { link, host, ledger, clock }: SessionPorts,
  state: SessionState,
  parts: SessionParts,
  parking: Parking,
): () => void {
  const { inbox } = parts;
  const { reports, facts, signals } = state;
  const off = [
    link.on("update", updateHandler({ inbox, reports, prompts: ledger.state.prompts, clock, poke: signals.queueDue.emit })),
    link.on("connected", () => {
      if (facts.lifecycle !== "initializing") link.ready();
    }),
    host.on("viewers", () => parking.poke()),
    host.on("viewerTyped", () => parking.poke()),
  ];
  return () => {
    for (const stop of off.splice(0)) stop();
  };
}

function parkingOf({ host, clock, settings, log }: SessionPorts, { control, agent, signals }: SessionState, parts: SessionParts): Parking {
  const { supervisor, inbox, broker } = parts;
  return createParking({
    clock,
    parkAfterMs: settings.parkAfterMs,
    isIdle: () =>
      control.front === "remote" &&
      supervisor.front === "remote" &&
      !supervisor.busy &&
      !supervisor.moving &&
      inbox.current === null &&
      inbox.queued === 0 &&
      broker.openCount === 0 &&
      agent.background.length === 0 &&
      host.viewers().length === 0 &&
      // Somebody may come back to what stands there.
      supervisor.conversation.terminal?.isOpen !== true,
    async park() {
      log.info("agent.parked");
      await supervisor.stop({ graceMs: PARK_GRACE_MS });
      signals.changed.emit();
    },
    failed: (cause) => log.warn("agent.not_parked", { cause }),
  });
}

function reactToAgent({ home, sessionFile, ledger, link, clock, log }: SessionPorts, state: SessionState, parts: SessionParts): void {
  const { signals, life, agent, inForce, kept, losses, model, backlog, notice } = state;
  const { supervisor, loop, earlier, inbox, broker, turns, ending, retrying } = parts;
  const outcomes = createOutcomes({ life, backlog, supervisor, loop, inbox, broker, turns, ending, model, clock, log });
  signals.agentNotStarted.on(outcomes.startFailed);
  signals.agentSaid.on(
    routeAgentEvents({
      ledger,
      sessionFile,
      agent,
      inForce,
      backlog,
      link,
      inbox,
      broker,
      turns,
      screen: model,
      losses,
      kept,
      earlier,
      exited(event) {
        outcomes.agentExited(event);
        retrying.agentGone(event.expected);
      },
      terminalClosed: outcomes.terminalClosed,
      threadTakenUp(threadId) {
        agent.remember({ isTitleChosen: false });
        const words = sharedConversation(home, sessionFile.value, threadId);
        if (words !== null) notice(words);
      },
      changed: signals.changed.emit,
      idle: () => queueMicrotask(signals.queueDue.emit),
      clock,
      log,
    }),
  );
}

function reactToPerson({ driver }: SessionPorts, { signals, model }: SessionState, { loop, ending }: SessionParts): void {
  signals.exitWanted.on(() => void ending.end(EXIT));
  signals.terminalWanted.on(() => {
    if (driver.capabilities.control === "remote")
      return model.note(`${driver.displayName} has no terminal of its own; steer it from the web or a phone`);
    const { state } = loop;
    // Asked again while it waits: now.
    void loop.want("local", { by: "person", now: state.state === "draining" && state.to === "local" });
  });
}

function reactToHub({ ledger, sessionFile, log }: SessionPorts, state: SessionState, { actions, ending }: SessionParts): void {
  const { signals, launched, notice, isAutoRetry } = state;
  const { configure } = actions;
  const choices = createRememberedChoices({ ledger, sessionFile, launched, configure, log });
  let isFirstWord = true;

  function tellArchived({ metadata }: Session): void {
    const wasArchived = isFirstWord && launched && sessionFile.value.startedBy === "terminal" && metadata?.lifecycleState === "archived";
    isFirstWord = false;
    if (wasArchived) notice(noticeWords("was_archived"), "info");
  }

  /** The hub's word is the newer one: only there it is chosen. */
  function allowRetry(allowed: boolean | undefined): void {
    if (allowed === undefined || allowed === isAutoRetry()) return;
    configure({ autoRetry: allowed }).catch((cause: unknown) => log.warn("session.choices_not_applied", { cause }));
  }

  signals.registered.on((session) => {
    tellArchived(session);
    choices.registered(session);
    allowRetry(session.metadata?.autoRetry);
  });
  signals.metadataTold.on(choices.told);
  signals.deleted.on(() => void ending.end(DELETED));
}
