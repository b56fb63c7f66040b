/** What a hub is made of, wired to each other: one instance of each service, no transport. */
import { ignore, type Clock, type Logger } from "@hapi/platform";
import type { Context } from "hono";
import { createCredentials } from "./auth/credentials.ts";
import type { Caller } from "./auth/caller.ts";
import { createDoor } from "./auth/door.ts";
import type { Tokens } from "./auth/tokens.ts";
import type { Bus } from "./events/bus.ts";
import type { RetentionStore } from "./keeping/retention.ts";
import type { Restorer } from "./http/routes/keeping.ts";
import { LiveText } from "./live/live-text.ts";
import { Jobs } from "./jobs/jobs.ts";
import { forgetJob, forgetKind, forgets } from "./machines/forgets.ts";
import { MachinePresence } from "./machines/presence.ts";
import { Delivery } from "./messages/delivery.ts";
import { Prompts } from "./messages/prompts.ts";
import { dueKind, schedule } from "./messages/schedule.ts";
import { PromptWatch } from "./messages/watch.ts";
import { promptFacts } from "./messages/watch-facts.ts";
import { Permissions } from "./permissions/permissions.ts";
import { createFactFeed } from "./facts/feed.ts";
import { Toasts } from "./notices/toasts.ts";
import { Links, type Link } from "./rpc/links.ts";
import { type MachineRef, Rpc } from "./rpc/rpc.ts";
import { createAccess, type Starting } from "./sessions/access.ts";
import { createActivityWatch } from "./sessions/activity-watch.ts";
import { SessionControl } from "./sessions/control.ts";
import { ExpectedSessions } from "./sessions/expected.ts";
import { Fork } from "./sessions/fork.ts";
import { createMendedLook } from "./sessions/mended.ts";
import { Lifecycle } from "./sessions/lifecycle.ts";
import { SessionPresence } from "./sessions/presence.ts";
import { relayUpdates } from "./sessions/relay-updates.ts";
import { Resume } from "./sessions/resume.ts";
import { SessionSettings } from "./sessions/settings.ts";
import { Waker } from "./sessions/waker.ts";
import type { HubSettingsStore } from "./settings/hub-settings.ts";
import type { Stores } from "./stores.ts";
import type { SocketServer } from "./socket/socket-server.ts";
import { SseHub } from "./sse/sse-hub.ts";

export interface HubParts {
  stores: Stores;
  bus: Bus;
  sockets: SocketServer;
  tokens: Tokens;
  secret: string;
  ownerId: number;
  corsOrigins: readonly string[];
  settings: HubSettingsStore;
  restorer: Restorer;
  /** Absent: nothing is ever deleted by itself. */
  retention?: RetentionStore;
  web: (request: Request) => Promise<Response | null>;
  callerOf(c: Context): Caller;
  /** How far a reader of events may fall behind; absent: a megabyte. */
  maxBufferedBytes?: number;
  clock: Clock;
  log: Logger;
}

export type Services = ReturnType<typeof createServices>;

export function createServices(parts: HubParts) {
  const { stores, bus, clock, log } = parts;
  const { sessions, messages, machines } = stores;
  const durable: Stores["durable"] = (how) => stores.durable(how);
  const links = new Links(() => clock.now());
  const rpc = new Rpc(clock);
  const live = new LiveText(bus);
  const delivery = new Delivery({ store: messages, durable, links, bus, clock, log });
  const watch = createActivityWatch({ store: sessions, bus, clock });
  const starting: Starting = { isStarting: (session) => lifecycle.isStarting(session), whenActive: watch.whenActive };
  const access = createAccess(sessions, machines, starting);
  const deliver = (sessionId: string, link?: Link): void =>
    ignore(delivery.deliverAll(sessionId, link), "it is sent again on the next attach");
  const expected = new ExpectedSessions(clock);
  const onActive = (sessionId: string): void => {
    expected.came(sessionId);
    deliver(sessionId);
  };
  const onGone = (sessionId: string, holds = false): void => {
    if (holds) waker.wake(sessionId);
    else ignore(waker.ended(sessionId), "the prompt stays queued");
  };
  const presence = new SessionPresence({
    store: sessions,
    clock,
    log,
    onActive,
    onExpired: (id) => onGone(id),
    isStopped: async (id) => (await stores.stops.get(id)) !== null,
    onStopped: (session) => ignore(lifecycle.endAgain(session), "it is tried again with its next sign of life"),
  });
  const machineReady = (machineId: string): void => ignore(waker.machineReady(machineId), "it is tried again when the machine comes back");
  const machinePresence = new MachinePresence({ store: machines, clock, log, onOnline: machineReady });
  const merge = async (from: string, into: string): Promise<void> => {
    await sessions.merge(from, into);
    links.move(from, into);
    rpc.move(from, into);
    presence.move(from, into);
    await durable();
    deliver(into);
  };
  const resume = new Resume({
    sessions,
    stops: stores.stops,
    stopLaunched: (machine, id) => lifecycle.stopLaunched(machine, id),
    reopened(id) {
      waker.cameUp(id);
      return lifecycle.reopened(id);
    },
    messages,
    machines,
    machinePresence,
    rpc,
    clock,
    log,
    merge,
    isActive: (id) => presence.isActive(id),
    watch,
  });
  const waker = new Waker({
    sessions,
    messages,
    resume,
    canStart: (machine) => machinePresence.isOnline(machine.id) && rpc.has("machine", machine, "spawnHappySession"),
    async machineOf(id) {
      const machine = await machines.get(id);
      return machine && { namespace: machine.namespace, host: machine.metadata?.host };
    },
    clock,
    log,
  });
  bus.subscribe((events) => {
    for (const { event } of events) if (event.type === "messages-consumed") waker.ran(event.sessionId);
  });
  const permissions = new Permissions({ store: stores.permissions, rpc, links, log, durable, session: (id) => sessions.get(id) });
  const rest = (sessionId: string) => messages.rest(sessionId);
  const lifecycle = new Lifecycle({
    store: sessions,
    transaction: stores.transaction,
    stops: stores.stops,
    launches: {
      isUnderWay: (id) => expected.has(id) || resume.isUnderWay(id),
      machineOf: (id) => expected.machineOf(id),
      over(id) {
        expected.came(id);
        resume.giveUp(id);
      },
    },
    presence,
    rpc,
    links,
    clock,
    log,
    durable,
    onEnded(id) {
      live.end(id);
      expected.came(id);
    },
    onGone,
    rest,
  });
  const settings = new SessionSettings({ store: sessions, rpc, starting, durable });
  const control = new SessionControl({ rpc, resume, session: (id) => sessions.get(id) });
  const fork = new Fork({
    sessions,
    messages,
    machines,
    rpc,
    watch,
    durable,
    endDeleted: (machine, id) => endDeleted(machine, id),
  });
  const onDue = (sessionId: string): void => {
    deliver(sessionId);
    if (!presence.isActive(sessionId)) waker.wake(sessionId);
  };
  const jobs = new Jobs(
    { store: stores.jobs, clock, log },
    {
      [dueKind]: schedule({ transaction: stores.transaction, onDue }),
      [forgetKind]: forgets({ store: stores.jobs, machines, rpc, log }),
    },
  );
  const prompts = new Prompts({
    store: messages,
    links,
    rpc,
    clock,
    durable,
    wake: (id) => waker.asked(id),
    transaction: stores.transaction,
    scheduled: () => ignore(jobs.look(dueKind), "said in the log, and tried again"),
    isExpected: (id) => expected.has(id),
    isResuming: (id) => resume.isUnderWay(id),
  });
  const mended = createMendedLook({ rpc, clock, log, start: (id) => waker.tryAnew(id) });
  const promptWatch = new PromptWatch({
    store: messages,
    session: (id) => sessions.get(id),
    facts: promptFacts({ machines, machinePresence, rpc, links, delivery, waker, isStarting: (session) => lifecycle.isStarting(session) }),
    // Sent again, it reaches a session that has it already, and makes that look at its queue.
    repair: (session) => (session.active ? deliver(session.id) : waker.wake(session.id)),
    lookAgain: (session, code) => ignore(mended(session, code), "asked again with a later round"),
    bus,
    clock,
    log,
  });
  const sse = new SseHub({
    watch: promptWatch,
    log: stores.log,
    sessions,
    messages,
    machines,
    bus,
    live,
    clock,
    logger: log,
    maxBufferedBytes: parts.maxBufferedBytes,
    settled: () => stores.settled(),
  });
  const toasts = new Toasts({ bus, clock, session: (id) => sessions.get(id) });
  const feed = createFactFeed({ store: stores.facts, bus, clock, log, settled: () => stores.settled() }, [toasts]);
  const door = createDoor({ credentials: createCredentials(parts.secret), clock, log });
  const stopRelay = relayUpdates(bus, links);
  /** Deleted sessions that wait for their machine, where it can be told. */
  const forgetNow = async (machine: MachineRef): Promise<void> => {
    if (rpc.has("machine", machine, "forgetSession")) await jobs.hurry(forgetKind, machine.id);
  };
  /** It may have left new traces on its machine after that had forgotten it. */
  const endDeleted = async (machine: MachineRef, sessionId: string): Promise<void> => {
    await stores.jobs.put(forgetJob(sessionId, machine));
    await lifecycle.stopLaunched(machine, sessionId);
    await forgetNow(machine);
  };
  const onSpawned = async (sessionId: string, machine: MachineRef, since: number): Promise<void> => {
    const stop = await stores.stops.get(sessionId);
    // Ended while it was started, or started again on purpose.
    if (stop?.kind === "deleted") return endDeleted(machine, sessionId);
    if (stop && stop.at >= since) return lifecycle.stopLaunched(machine, sessionId);
    if (stop) await stores.stops.clear(sessionId);
    if (!presence.isActive(sessionId)) expected.expect(sessionId, machine.id);
  };
  return {
    onSpawned,
    endDeleted,
    forgetNow,
    jobs,
    access,
    links,
    rpc,
    live,
    delivery,
    deliver,
    watch,
    presence,
    machinePresence,
    resume,
    waker,
    machineReady,
    permissions,
    lifecycle,
    settings,
    control,
    fork,
    prompts,
    promptWatch,
    sse,
    door,
    stopRelay,
    durable,
    feed,
    toasts,
  };
}
