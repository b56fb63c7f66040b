/**
 * A session's parts, each made from the ports, the state and the parts before it. What one has to say to a later one it says by a signal
 * (`state.ts`); what follows is in `reactions.ts`.
 */
import type { HostControl } from "@hapi/host";
import { type Confinement, confineTo } from "../files/index.ts";
import { createActions } from "./actions.ts";
import { type AgentSupervisor, createAgentSupervisor } from "./agent-supervisor.ts";
import { boxedHost } from "./boxed-host.ts";
import { diagnosticsOf } from "./diagnostics.ts";
import { createEarlier, type Earlier } from "./earlier.ts";
import { textReader } from "./edit-places.ts";
import { createEnding, endingOf, type SessionEnding } from "./ending.ts";
import { createHandoffLoop, type HandoffLoop } from "./handoff-loop.ts";
import { createRegistration, type Registration } from "./registration.ts";
import { createInbox, type Inbox } from "./inbox.ts";
import { noteMove } from "./outcomes.ts";
import { createPermissionBroker, type PermissionBroker } from "./permissions.ts";
import { createHeartbeat, type Heartbeat } from "./heartbeat.ts";
import { createGivenWait, createQueueWait } from "./queue-wait.ts";
import { createRemoteScreen, type RemoteScreen } from "./remote-screen.ts";
import { createRetrying, holdsQueue, type Retrying } from "./retrying.ts";
import type { SessionActions } from "./rpc.ts";
import type { SessionPorts } from "./session-ports.ts";
import { aliveFactsOf, queuedOf, sessionAgentState, sessionMetadata, statusOf } from "./shown.ts";
import type { SessionState } from "./state.ts";
import { goesOn } from "./status-text.ts";
import type { AskedPerson } from "./tools/asked-person.ts";
import { personAsked } from "./tools/session-tools.ts";
import { createTurns, type Turns } from "./turns.ts";
import { createUploads, type Uploads } from "./uploads.ts";
import { writtenOf } from "./written-folders.ts";

interface AgentParts {
  confinement: Confinement;
  uploads: Uploads;
  screen: RemoteScreen;
  supervisor: AgentSupervisor;
  earlier: Earlier;
  inbox: Inbox;
  broker: PermissionBroker;
  asked: AskedPerson;
}

interface ControlParts extends AgentParts {
  loop: HandoffLoop;
  retrying: Retrying;
  turns: Turns;
}

interface HubParts extends ControlParts {
  heartbeat: Heartbeat;
  hub: Registration;
}

export interface SessionParts extends HubParts {
  ending: SessionEnding;
  actions: SessionActions;
}

export async function buildParts(ports: SessionPorts, state: SessionState): Promise<SessionParts> {
  const agent = await agentParts(ports, state);
  const control = { ...agent, ...controlParts(ports, state, agent) };
  const hub = { ...control, ...hubParts(ports, state, control) };
  return { ...hub, ...personParts(ports, state, hub) };
}

function screenOf(ports: SessionPorts, state: SessionState): RemoteScreen {
  const { host, driver, clock, log } = ports;
  const { agent, model, signals, life } = state;
  const screen = createRemoteScreen({
    host,
    model,
    canRegain: driver.capabilities.control !== "remote",
    isWorking: () => agent.thinking,
    status: () => statusOf(ports, state),
    alsoEnds: () => (agent.background.length > 0 ? ` and ${goesOn(agent.background)}` : ""),
    queued: () => queuedOf(ports),
    regain: signals.terminalWanted.emit,
    exit: signals.exitWanted.emit,
    clock,
    log,
  });
  life.onClose(screen.close);
  return screen;
}

/** As the agent's driver has it. */
function hostOf({ host, driver, sessionFile, home, dir, hookSockets }: SessionPorts): HostControl {
  const { box, cwd } = sessionFile.value;
  return box ? boxedHost(host, { box, driver, home, cwd, sessionDir: dir, sockets: hookSockets }) : host;
}

function supervisorOf(ports: SessionPorts, { signals, kept, backlog }: SessionState, screen: RemoteScreen): AgentSupervisor {
  const { driver, host, sessionFile, ledger, clock, log } = ports;
  return createAgentSupervisor({
    driver,
    host: hostOf(ports),
    sessionFile,
    now: () => clock.now(),
    started(lastStart) {
      ledger.setFacts({ lastStart }).catch((cause: unknown) => log.warn("session.start_not_kept", { cause }));
      signals.changed.emit();
    },
    context: {
      sessionId: sessionFile.value.sessionId,
      cwd: sessionFile.value.cwd,
      env: ports.agentEnv,
      program: sessionFile.value.environment?.program,
      written: writtenOf(ports),
      memory: ledger.memory,
      clock,
      sessionDir: ports.dir,
      hookCommand: ports.hookCommand,
      hookEnv: ports.hookEnv,
      ...(ports.tools ? { tools: ports.tools } : {}),
      log,
      emit: signals.agentSaid.emit,
      room: backlog.room,
    },
    prefill() {
      kept.typed(screen.takeWords());
      return kept.text;
    },
    prefilled: () => kept.putBack(),
    async terminalSpawned(process) {
      await screen.hide();
      await host.setDisplay({ kind: "process", launchId: process.launchId });
      await ledger.setFacts({ terminal: process.launchId });
    },
  });
}

async function agentParts(ports: SessionPorts, state: SessionState): Promise<AgentParts> {
  const { sessionFile, ledger, dir, clock, log } = ports;
  const { signals, agent, inForce, model, reports } = state;
  const uploads = createUploads(dir);
  const confinement = await confineTo([sessionFile.value.cwd, uploads.dir]);
  const screen = screenOf(ports, state);
  const supervisor = supervisorOf(ports, state, screen);
  const { conversation } = supervisor;
  const earlier = createEarlier({
    dir,
    isCarried: sessionFile.value.earlier === true,
    conversation,
    memory: ledger.memory,
    commands: () => agent.facts.slashCommands ?? [],
    log,
  });
  const inbox = createInbox({
    ledger,
    agent: earlier.agent,
    attachable: confinement.resolve,
    reports,
    clock,
    log,
    changed() {
      queueMicrotask(signals.queueDue.emit);
      queueMicrotask(signals.changed.emit);
    },
    moved: () => queueMicrotask(signals.changed.emit),
  });
  const asked = personAsked(ports, state, conversation);
  const broker = createPermissionBroker({
    ledger,
    flavor: sessionFile.value.flavor,
    mode: () => inForce.permissionMode,
    planAccepted: () => inForce.planAccepted(),
    chosen: (permissionMode) => inForce.chosen({ permissionMode }),
    apply: async (id, answer) => asked.answer(id, answer) ?? (await conversation.answer(id, answer)),
    readText: textReader(confinement),
    answered: (id, answer) => model.requestAnswered(id, answer.behavior === "allow"),
    changed: signals.changed.emit,
    clock,
    log,
  });
  return { confinement, uploads, screen, supervisor, earlier, inbox, broker, asked };
}

function controlParts(
  ports: SessionPorts,
  state: SessionState,
  { screen, supervisor, inbox }: AgentParts,
): Omit<ControlParts, keyof AgentParts> {
  const { ledger, host, driver, settings, clock, log } = ports;
  const { signals, life, facts, agent, control, sending, model, backlog, notice, setLifecycle } = state;
  const loop = createHandoffLoop({
    control,
    supervisor,
    host,
    inbox,
    screen,
    clock,
    log,
    remoteWhileLocal: () => settings.remoteWhileLocal,
    isShared: driver.capabilities.control === "shared",
    terminalIs: (open) => ledger.setFacts({ front: open ? "local" : "remote" }),
    background: () => agent.background.length,
    isQueueHeld: () => holdsQueue(sending, facts),
    moved: (front) => noteMove({ ledger, backlog, setLifecycle, clock }, front),
    startFailed: (front, failure, times) => signals.agentNotStarted.emit({ front, failure, times }),
    changed: signals.changed.emit,
  });
  const retrying = createRetrying({
    ledger,
    sending,
    control,
    supervisor,
    loop,
    isAllowed: state.isAutoRetry,
    isHanding: () => inbox.current !== null,
    changed() {
      signals.changed.emit();
      queueMicrotask(signals.queueDue.emit);
    },
    notice,
    clock,
    random: ports.random ?? Math.random,
    log,
  });
  life.onClose(loop.close);
  life.onClose(retrying.close);
  return { loop, retrying, turns: createTurns({ ledger, agent, backlog, screen: model, retrying, clock, log }) };
}

function hubParts(ports: SessionPorts, state: SessionState, parts: ControlParts): Omit<HubParts, keyof ControlParts> {
  const { link, sessionFile, settings, clock, log } = ports;
  const { signals, life, facts, agent, control, sending } = state;
  const { inbox, loop, supervisor, broker } = parts;
  const queueWait = createQueueWait({
    inbox,
    loop,
    control,
    supervisor,
    facts,
    sending,
    broker,
    remoteWhileLocal: () => settings.remoteWhileLocal,
    clock,
  });
  const givenWait = createGivenWait({ inbox, broker, isInTurn: () => agent.inTurn, facts });
  const heartbeat = createHeartbeat({ link, clock, facts: () => aliveFactsOf(ports, state) });
  const hub = createRegistration({
    link,
    sessionFile,
    metadata: sessionMetadata(ports, state, supervisor),
    agentState: sessionAgentState(ports, state, { broker, queueWait, givenWait }),
    lastSeq: () => facts.lastSeq,
    receive: (message) => inbox.receive(message, "backfill"),
    passed: (seq) => inbox.passed(seq),
    address: () => ports.hub(),
    registered: signals.registered.emit,
    told: signals.metadataTold.emit,
    deleted: signals.deleted.emit,
    clock,
    log,
  });
  life.onClose(hub.close);
  life.onClose(heartbeat.close);
  return { heartbeat, hub };
}

function personParts(ports: SessionPorts, state: SessionState, parts: HubParts): Omit<SessionParts, keyof HubParts> {
  const { sessionFile, host, driver, environment, clock, log } = ports;
  const { signals, life, facts, agent, control, inForce, losses, backlog, reports, notice, setLifecycle, isAutoRetry } = state;
  const { supervisor, loop, inbox, broker, retrying, turns, hub, screen, uploads } = parts;
  const ending = createEnding({ ports, life, supervisor, loop, inbox, broker, turns, backlog, reports, hub, screen, setLifecycle });
  const actions = createActions({
    supervisor,
    loop,
    control,
    broker,
    sessionFile,
    inForce,
    retrying,
    inbox,
    facts: agent.facts,
    capabilities: driver.capabilities,
    diagnostics: () =>
      diagnosticsOf({
        sessionFile: sessionFile.value,
        facts,
        supervisor,
        autoRetry: isAutoRetry(),
        hostPid: host.hostPid,
        inForce,
        environment,
        losses,
      }),
    hasViewers: () => host.viewers().length > 0,
    uploads,
    clock,
    notice,
    end: (reason) => void ending.end(endingOf(reason)),
    changed: signals.changed.emit,
    log,
  });
  return { ending, actions };
}
