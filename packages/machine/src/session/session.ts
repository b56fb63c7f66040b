/**
 * One session, put together from its parts and run to its end. Everything it must remember is in the ledger and the record; this process may be
 * killed at any point and a new one continues. All ports come from outside, so tests run it in memory.
 */
import type { AgentDriver, DriverLog } from "@hapi/agents";
import type { SessionLink } from "@hapi/client/link";
import type { HostControl } from "@hapi/host";
import {
  type AgentState,
  AppError,
  type LifecycleState,
  noticeWords,
  type NoticeWords,
  type SessionEnvironment,
  toAppError,
} from "@hapi/protocol";
import type { Clock } from "@hapi/platform";
import { confineTo, fileRpcs, readBytes, type RunCommand } from "../files/index.ts";
import { createActions } from "./actions.ts";
import { createAgentEvents } from "./agent-events.ts";
import { anotherCredential } from "./environment.ts";
import { createAgentRunner } from "./agent-runner.ts";
import { diagnosticsOf } from "./diagnostics.ts";
import { createEarlier, nextBest } from "./earlier.ts";
import { createEnding, type Ending, endingOf } from "./ending.ts";
import { createHandoffLoop, type HandoffState } from "./handoff-loop.ts";
import type { KnownHub } from "./hub-address.ts";
import { createHubPresence } from "./hub-presence.ts";
import { createInForce } from "./in-force.ts";
import { createKeptWords } from "./kept-words.ts";
import { createInbox } from "./inbox.ts";
import type { Ledger } from "./ledger.ts";
import { createLosses } from "./losses.ts";
import { metadataOf } from "./metadata.ts";
import { createOutbox } from "./outbox.ts";
import { createOutcomes } from "./outcomes.ts";
import { createParking } from "./parking.ts";
import { createPermissionBroker } from "./permissions.ts";
import { createPresence } from "./presence.ts";
import type { RecordFile } from "./record.ts";
import { createRememberedChoices } from "./remembered-choices.ts";
import { createGivenWait, createQueueWait } from "./queue-wait.ts";
import { createRemoteScreen } from "./remote-screen.ts";
import { sessionRpcs } from "./rpc.ts";
import { createRetrying } from "./retrying.ts";
import { createScreenModel } from "./screen-model.ts";
import { sharedConversation } from "./shared-conversation.ts";
import { createStageReports } from "./stage-reports.ts";
import { goesOn, statusText } from "./status-text.ts";
import { hostIdOf, takeUp } from "./take-up.ts";
import { updateHandler } from "./update-handler.ts";
import { createUploads } from "./uploads.ts";

export interface SessionPorts {
  home: string;
  dir: string;
  record: RecordFile;
  ledger: Ledger;
  host: HostControl;
  driver: AgentDriver;
  link: SessionLink;
  /** Where the link looks for its hub. */
  hub(): KnownHub;
  clock: Clock;
  log: DriverLog;
  agentEnv: Readonly<Record<string, string>>;
  hookCommand: readonly string[];
  hookEnv: Readonly<Record<string, string>>;
  /** What the session keeps of its first start's environment, beside that of now. */
  environment?: SessionEnvironment | undefined;
  /** Credentials that are other ones here than at its first start, with their fingerprints. */
  changedCredentials?: Readonly<Record<string, string>>;
  runCommand: RunCommand;
  /** The session is over: no hook will come in any more. */
  closeHooks?(): Promise<void>;
  settings: { remoteWhileLocal: "switch" | "read-only"; parkAfterMs: number; autoRetry?: boolean };
  /** Chance, for pauses that must not fall together. */
  random?: () => number;
  about: { version: string; libDir: string; userHome: string };
}

export interface RunningSession {
  /** Takes over what runs (then says `adopted`), or starts what should run. Where the agent can't be had at all, the session ends as `failed`. */
  begin(adopted?: () => void): Promise<void>;
  onHook(payload: unknown, signal: AbortSignal): Promise<unknown>;
  /** Ends the session for good: agent, hub row's activity, host. */
  end(ending: Ending): Promise<void>;
  /** Instead of `begin`, where no host lives any more: says how everything stands and ends, without an agent. */
  settle(ending: Ending): Promise<void>;
  /** Leaves everything running and lets go of it. */
  release(): Promise<void>;
  /** Resolves with the exit code once the session is over. */
  readonly ended: Promise<number>;
}

/** A person deleted it at the hub while it ran: nobody is left to hear its last words. */
const DELETED: Ending = {
  lifecycle: "aborted",
  exitCode: 1,
  reason: "deleted",
  message: "The session was deleted at the hub.",
  isForgotten: true,
};
/** Its terminal does not wait for a hub's word, so nobody was asked. */
/** A larger file is not read for the lines around an edit. */
const MAX_EDITED_BYTES = 2 * 1024 * 1024;
/** Key of the other credentials that were told, by name. */
const CREDENTIALS_TOLD = "hapi.credentialsTold";
/** Stopping an idle agent. */
const PARK_GRACE_MS = 10_000;

export async function openSession(ports: SessionPorts): Promise<RunningSession> {
  const { record, ledger, host, driver, link, clock, log } = ports;
  const { facts } = ledger.state;
  const uploads = createUploads(ports.dir);
  const confinement = await confineTo([record.value.cwd, uploads.dir]);
  const model = createScreenModel();

  const outbox = createOutbox({ ledger, link, clock, log });
  const reports = createStageReports({ state: ledger.state, link, clock, log });
  const losses = createLosses({
    dir: ports.dir,
    tell(key, event) {
      outbox.add(key, event);
      model.record(event);
    },
    clock,
    log,
  });
  const launched = facts.hostId !== hostIdOf(ports);
  const inForce = createInForce({ ledger, record, launched, agent: driver.displayName, notice, log });
  const events = createAgentEvents({
    losses,
    ledger,
    record,
    inForce,
    outbox,
    link,
    inbox: () => inbox,
    broker: () => broker,
    retrying: () => retrying,
    screen: model,
    exited(event) {
      outcomes.agentExited(event);
      retrying.agentGone(event.expected);
    },
    threadTakenUp(threadId) {
      const words = sharedConversation(ports.home, record.value, threadId);
      if (words !== null) notice(words);
    },
    unsent: (event) => kept.left(event),
    changed,
    idle: () => queueMicrotask(poke),
    clock,
    log,
  });
  const runner = createAgentRunner({
    driver,
    host,
    record,
    now: () => clock.now(),
    started(lastStart) {
      ledger.setFacts({ lastStart }).catch((cause: unknown) => log.warn("session.start_not_kept", { cause }));
      changed();
    },
    context: {
      sessionId: record.value.sessionId,
      cwd: record.value.cwd,
      env: ports.agentEnv,
      program: record.value.environment?.program,
      memory: ledger.memory,
      clock,
      sessionDir: ports.dir,
      hookCommand: ports.hookCommand,
      hookEnv: ports.hookEnv,
      log,
      emit(event) {
        events.emit(event);
        if (event.type === "stage") earlier.staged(event.localId, event.stage);
      },
      room: outbox.room,
    },
    prefill() {
      kept.typed(screen.takeWords());
      return kept.text;
    },
    prefilled: () => kept.putBack(),
    async terminalSpawned(process) {
      outcomes.terminalStarted();
      await screen.hide();
      await host.setDisplay({ kind: "process", launchId: process.launchId });
      await ledger.setFacts({ terminal: process.launchId });
    },
  });
  const { conversation } = runner;
  const kept = createKeptWords({
    memory: ledger.memory,
    agent: driver.displayName,
    notice,
    changed: (has) => record.update({ keptWords: has ? true : undefined }),
    log,
  });
  const earlier = createEarlier({
    dir: ports.dir,
    isCarried: record.value.earlier === true,
    conversation,
    memory: ledger.memory,
    commands: () => events.facts.slashCommands ?? [],
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
      queueMicrotask(poke);
      queueMicrotask(changed);
    },
    moved: () => queueMicrotask(changed),
  });
  const broker = createPermissionBroker({
    ledger,
    flavor: record.value.flavor,
    mode: () => inForce.permissionMode,
    planAccepted: () => inForce.planAccepted(),
    chosen: (permissionMode) => inForce.chosen({ permissionMode }),
    apply: (id, answer) => conversation.answer(id, answer),
    readText: async (path) =>
      await readBytes(confinement, path, MAX_EDITED_BYTES).then(
        ({ bytes }) => bytes.toString("utf8"),
        () => null,
      ),
    answered: (id, answer) => model.requestAnswered(id, answer.behavior === "allow"),
    changed,
    clock,
    log,
  });
  const screen = createRemoteScreen({
    host,
    model,
    canRegain: driver.capabilities.control !== "remote",
    isWorking: () => events.thinking,
    status: () =>
      statusText({
        state: loop.state,
        thinking: events.thinking,
        background: events.background,
        queued: inbox.queued,
        connected: link.connected,
        retry: retrying.onWire,
        lastTurn: facts.lastTurn,
      }),
    alsoEnds: () => (events.background.length > 0 ? ` and ${goesOn(events.background)}` : ""),
    queued: () => inbox.queued,
    regain,
    exit: () => void ending.end({ lifecycle: "completed", exitCode: 0, reason: "exit", message: "Session ended." }),
    clock,
    log,
  });
  const loop = createHandoffLoop({
    runner,
    host,
    inbox,
    screen,
    clock,
    log,
    initial: facts.hostId === null ? record.value.startingMode : facts.front,
    remoteWhileLocal: () => ports.settings.remoteWhileLocal,
    background: () => events.background.length,
    isHeld: () => retrying.holdsQueue,
    moved: (front) => outcomes.moved(front),
    startFailed: (front, failure, times) => outcomes.startFailed(front, failure, times),
    changed,
  });
  const retrying = createRetrying({
    ledger,
    runner,
    loop,
    isAllowed: autoRetry,
    isHanding: () => inbox.current !== null,
    changed() {
      changed();
      queueMicrotask(poke);
    },
    notice,
    clock,
    random: ports.random ?? Math.random,
    log,
  });
  const queueWait = createQueueWait({
    inbox,
    loop,
    runner,
    retrying,
    broker,
    remoteWhileLocal: () => ports.settings.remoteWhileLocal,
    clock,
  });
  const givenWait = createGivenWait({ inbox, broker, isThinking: () => events.thinking });
  const presence = createPresence({
    link,
    clock,
    facts: () => ({
      thinking: events.thinking,
      mode: loop.front,
      permissionMode: inForce.permissionMode,
      model: inForce.model,
    }),
  });
  const parking = createParking({
    clock,
    parkAfterMs: ports.settings.parkAfterMs,
    isIdle: () =>
      loop.front === "remote" &&
      runner.front === "remote" &&
      !runner.busy &&
      !runner.moving &&
      inbox.current === null &&
      inbox.queued === 0 &&
      broker.openCount === 0 &&
      events.background.length === 0 &&
      host.viewers().length === 0,
    park: async () => {
      log.info("agent.parked");
      await runner.stop({ graceMs: PARK_GRACE_MS });
      changed();
    },
    failed: (cause) => log.warn("agent.not_parked", { cause }),
  });
  const actions = createActions({
    runner,
    loop,
    broker,
    record,
    inForce,
    retrying,
    inbox,
    facts: events.facts,
    capabilities: driver.capabilities,
    diagnostics: () =>
      diagnosticsOf({
        record: record.value,
        facts,
        runner,
        retrying,
        autoRetry: autoRetry(),
        hostPid: host.hostPid,
        inForce,
        environment: ports.environment,
        losses,
      }),
    hasViewers: () => host.viewers().length > 0,
    uploads,
    clock,
    notice,
    end: (reason) => void ending.end(endingOf(reason)),
    changed,
    log,
  });
  let settling = false;
  let notices = 0;
  let isFirstWord = true;
  const choices = createRememberedChoices({ ledger, record, launched, configure: actions.configure, log });
  const hub = createHubPresence({
    link,
    record,
    metadata: (current) =>
      metadataOf(
        {
          record: record.value,
          facts,
          agent: events.facts,
          capabilities: driver.capabilities,
          home: ports.home,
          hostPid: host.hostPid,
          remoteWhileLocal: ports.settings.remoteWhileLocal,
          parked: loop.front === "remote" && runner.front === null && !runner.moving,
          autoRetry: autoRetry(),
          environment: ports.environment,
          ...ports.about,
        },
        current,
      ),
    agentState,
    get handlers() {
      // It is on its way out from the beginning: whoever asks something of the session must find that nobody is there.
      return settling ? {} : { ...sessionRpcs(actions), ...fileRpcs(confinement, ports.runCommand) };
    },
    lastSeq: () => facts.lastSeq,
    receive: (message) => inbox.receive(message, "backfill"),
    passed: (seq) => inbox.passed(seq),
    address: () => ports.hub(),
    deleted: () => void ending.end(DELETED),
    registered(session) {
      const wasArchived =
        isFirstWord && launched && record.value.startedBy === "terminal" && session.metadata?.lifecycleState === "archived";
      isFirstWord = false;
      if (wasArchived) notice(noticeWords("was_archived"), "info");
      choices.registered(session);
      allowRetry(session.metadata?.autoRetry);
    },
    told: (metadata) => choices.told(metadata),
    clock,
    log,
  });
  const ending = createEnding({ ports, runner, loop, inbox, broker, events, outbox, hub, screen, setLifecycle, close: closeParts });
  const outcomes = createOutcomes({ ledger, outbox, inbox, broker, events, ending, model, setLifecycle, clock, log });
  const off = [
    link.on("update", updateHandler({ inbox, reports, prompts: ledger.state.prompts, clock, poke })),
    link.on("connected", () => {
      if (facts.lifecycle !== "initializing") link.ready();
    }),
    host.on("viewers", () => parking.poke()),
    host.on("viewerTyped", () => parking.poke()),
  ];

  function notice(words: NoticeWords, level: "info" | "warning" = "warning"): void {
    const id = `hapi:notice:${clock.now()}:${notices++}`;
    outbox.add(id, { type: "notice", id, level, ...words });
  }

  /** Each other one once: a key that was exchanged for good is no news at every start. */
  function tellCredentials(): void {
    const changed = ports.changedCredentials ?? {};
    const told = ledger.memory.get<Record<string, string>>(CREDENTIALS_TOLD) ?? {};
    const names = Object.keys(changed).filter((name) => told[name] !== changed[name]);
    if (names.length === 0) return;
    notice(anotherCredential(names, record.value.sessionId));
    ledger.memory
      .commit({ [CREDENTIALS_TOLD]: { ...told, ...changed } })
      .catch((cause: unknown) => log.warn("session.credentials_told_not_kept", { cause }));
  }

  function agentState(current: AgentState | null): AgentState {
    const { state } = loop;
    const handoff = waitOf(state);
    const retry = ending.begun ? undefined : retrying.onWire;
    const background = events.background.length > 0 ? [...events.background] : undefined;
    const queue = ending.begun ? undefined : queueWait();
    const given = ending.begun ? undefined : givenWait();
    const dialog = ending.begun ? undefined : (events.dialog ?? undefined);
    return { ...current, dialog, queue, given, controlledByUser: loop.front === "local", handoff, retry, background, ...broker.onWire() };
  }

  function waitOf(state: HandoffState): AgentState["handoff"] {
    if (state.state === "held") return { to: "remote", waitsFor: "terminal", since: state.since };
    return state.state === "draining" ? { to: state.to, waitsFor: state.waitsFor, since: state.since } : undefined;
  }

  function autoRetry(): boolean {
    return record.value.autoRetry ?? ports.settings.autoRetry ?? false;
  }

  /** The hub's word is the newer one: only there it is chosen. */
  function allowRetry(allowed: boolean | undefined): void {
    if (allowed === undefined || allowed === autoRetry()) return;
    actions.configure({ autoRetry: allowed }).catch((cause: unknown) => log.warn("session.choices_not_applied", { cause }));
  }

  /** Asked again while it waits: now. */
  function regain(): void {
    if (driver.capabilities.control === "remote")
      return model.note(`${driver.displayName} has no terminal of its own; steer it from the web or a phone`);
    const { state } = loop;
    void loop.want("local", { by: "person", now: state.state === "draining" && state.to === "local" });
  }

  function changed(): void {
    if (ending.begun) return;
    presence.touch();
    hub.touch();
    screen.touch();
    parking.poke();
  }

  function poke(): void {
    if (!ending.begun) loop.poke();
  }

  async function setLifecycle(lifecycle: LifecycleState, failureCode: string | null = null): Promise<void> {
    if (facts.lifecycle === lifecycle && facts.failureCode === failureCode) return;
    await ledger.setFacts({ lifecycle, lifecycleSince: clock.now(), failureCode });
    hub.touch();
  }

  function closeParts(): void {
    for (const stop of off) stop();
    parking.close();
    retrying.close();
    presence.close();
    loop.close();
    screen.close();
    reports.close();
    outbox.close();
    hub.close();
  }

  return {
    async begin(adopted = () => undefined) {
      hub.open();
      tellCredentials();
      try {
        await takeUp({ ports, runner, loop, inbox, broker, events, setLifecycle, adopted });
        retrying.takenUp();
      } catch (cause) {
        const error = toAppError(cause);
        log.warn("session.not_begun", { code: error.code, message: error.message, cause: String(error.cause ?? "") });
        const message = nextBest(error, record.value.sessionId);
        await ending.end({ lifecycle: "failed", failureCode: error.code, exitCode: 1, reason: error.code, message });
      }
      poke();
      changed();
    },
    async onHook(payload, signal) {
      if (!conversation.onHook) throw new AppError("not_supported");
      return conversation.onHook(payload, signal);
    },
    end: (how) => ending.end(how),
    async settle(how) {
      // No sign of life and no new prompt: it only says its last words.
      settling = true;
      presence.close();
      for (const stop of off) stop();
      await runner.adopt();
      hub.open();
      await ending.end({ ...how, isLoss: true });
    },
    async release() {
      closeParts();
      await runner.dispose();
      await link.close();
      await ledger.close();
    },
    ended: ending.done,
  };
}
