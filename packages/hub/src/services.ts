/**
 * What a hub is made of: state, then parts, each on those before it, then reactions (`reactions.ts`). One instance of each, no transport. A part
 * knows none that comes later; what it has to say to those, it tells (`Signal`, the bus).
 */
import { ignore, type Clock, type Logger } from "@hapi/platform";
import type { Session } from "@hapi/protocol";
import type { Context } from "hono";
import { createCodes } from "./auth/codes.ts";
import { Credentials } from "./auth/credentials.ts";
import type { Caller } from "./auth/caller.ts";
import { createDoor } from "./auth/door.ts";
import { createLock, type LockStore, memoryLock } from "./auth/lock.ts";
import { Passkeys } from "./auth/passkeys/passkeys.ts";
import { createSignInNotices, forgetfulNotices, type NoticeStore } from "./auth/sign-in-notices.ts";
import { createStepUp } from "./auth/step-up.ts";
import type { Tokens } from "./auth/tokens.ts";
import type { Bus } from "./events/bus.ts";
import { Housekeeping } from "./keeping/housekeeping.ts";
import { keepsEverything, type RetentionStore } from "./keeping/retention.ts";
import { Scrubber } from "./keeping/scrubber.ts";
import type { RateLimits } from "./http/limits.ts";
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
import { tellSignIn } from "./notices/sign-ins.ts";
import { Toasts } from "./notices/toasts.ts";
import { Links, type Link } from "./rpc/links.ts";
import { type MachineRef, Rpc } from "./rpc/rpc.ts";
import { createAccess, type Starting } from "./sessions/access.ts";
import { createActivityWatch } from "./sessions/activity-watch.ts";
import { SessionControl } from "./sessions/control.ts";
import { Fork } from "./sessions/fork.ts";
import { createMendedLook } from "./sessions/mended.ts";
import { Launches } from "./sessions/launches.ts";
import { Lifecycle } from "./sessions/lifecycle.ts";
import { SessionPresence } from "./sessions/presence.ts";
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
  /** Absent: it is locked in memory only. */
  locked?: LockStore;
  /** Absent: in memory only. */
  signIns?: NoticeStore;
  restorer: Restorer;
  /** Absent: nothing is ever deleted by itself. */
  retention?: RetentionStore;
  web: (request: Request) => Promise<Response | null>;
  callerOf(c: Context): Caller;
  /** Absent: of its own. */
  limits?: RateLimits;
  /** How far a reader of events may fall behind; absent: a megabyte. */
  maxBufferedBytes?: number;
  clock: Clock;
  log: Logger;
}

export type Services = ReturnType<typeof createServices>;

export function createServices(parts: HubParts) {
  const state = createState(parts);
  const living = { ...state, ...createLiving(parts, state) };
  const started = { ...living, ...createStarting(parts, living) };
  const ending = { ...started, ...createEnding(parts, started) };
  return { ...ending, ...createAsked(parts, ending), ...createTold(parts, ending) };
}

type State = ReturnType<typeof createState>;

/** Who is connected, what is written at the moment, what is being started. */
function createState({ stores, bus, clock, secret, locked, signIns, log }: HubParts) {
  const durable: Stores["durable"] = (how) => stores.durable(how);
  const lock = createLock({ store: locked ?? memoryLock(), clock });
  const isLocked = (): boolean => lock.state !== null;
  const credentials = new Credentials({ store: stores.credentials, durable, secret, isLocked, clock });
  const passkeys = new Passkeys({ store: stores.passkeys, durable, clock, log });
  return {
    durable,
    lock,
    isLocked,
    credentials,
    codes: createCodes({ clock }),
    passkeys,
    stepUp: createStepUp({ hasMeans: (namespace) => passkeys.of(namespace).length > 0, clock }),
    notices: createSignInNotices({ store: signIns ?? forgetfulNotices, clock, tell: (notice) => tellSignIn(bus, notice) }),
    links: new Links(() => clock.now()),
    rpc: new Rpc(clock, (spec) => lock.checkCall(spec)),
    live: new LiveText(bus),
    launches: new Launches(clock),
  };
}

type Living = State & ReturnType<typeof createLiving>;

/** Sessions and machines that are there, and their ends. */
function createLiving({ stores, bus, clock, log }: HubParts, { durable, links, rpc, launches, isLocked }: State) {
  const { sessions, messages, machines, stops, transaction } = stores;
  const delivery = new Delivery({ store: messages, durable, links, isHeld: isLocked, bus, clock, log });
  const deliver = (sessionId: string, link?: Link): void =>
    ignore(delivery.deliverAll(sessionId, link), "it is sent again on the next attach");
  const watch = createActivityWatch({ store: sessions, bus, clock });
  const presence = new SessionPresence({ store: sessions, clock, log, isStopped: async (id) => (await stops.get(id)) !== null });
  const machinePresence = new MachinePresence({ store: machines, clock, log });
  const rest = (sessionId: string): Promise<void> => messages.rest(sessionId);
  const lifecycle = new Lifecycle({ store: sessions, transaction, stops, launches, presence, rpc, links, clock, log, durable, rest });
  const starting: Starting = { isStarting: (session) => lifecycle.isStarting(session), whenActive: watch.whenActive };
  return { delivery, deliver, watch, presence, machinePresence, lifecycle, starting, access: createAccess(sessions, machines, starting) };
}

type Started = Living & ReturnType<typeof createStarting>;

/** What brings sessions up: because a person asks, or for a prompt that waits or falls due. */
function createStarting({ stores, clock, log }: HubParts, before: Living) {
  const { durable, links, rpc, launches, deliver, watch, presence, machinePresence, lifecycle } = before;
  const { sessions, messages, machines, stops, transaction } = stores;
  const merge = async (from: string, into: string): Promise<void> => {
    await sessions.merge(from, into);
    links.move(from, into);
    rpc.move(from, into);
    presence.move(from, into);
    await durable();
    deliver(into);
  };
  const isActive = (id: string): boolean => presence.isActive(id);
  const at = { sessions, messages, machines, stops, machinePresence, rpc, clock, log };
  const resume = new Resume({ ...at, launches, lifecycle, merge, isActive, watch });
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
  const machineReady = (machineId: string): void => ignore(waker.machineReady(machineId), "it is tried again when the machine comes back");
  const onDue = (sessionId: string): void => {
    deliver(sessionId);
    if (!isActive(sessionId)) waker.wake(sessionId);
  };
  const jobs = new Jobs(
    { store: stores.jobs, clock, log },
    { [dueKind]: schedule({ transaction, onDue }), [forgetKind]: forgets({ store: stores.jobs, machines, rpc, log }) },
  );
  return { resume, waker, machineReady, jobs };
}

type Ending = Started & ReturnType<typeof createEnding>;

/** Sessions that are to leave no trace, and what the hub cleans up by itself. */
function createEnding(parts: HubParts, before: Started) {
  const { stores, clock, log } = parts;
  const { durable, links, rpc, launches, presence, lifecycle, jobs } = before;
  const { sessions, stops, keeping } = stores;
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
    const stop = await stops.get(sessionId);
    // Ended while it was started, or started again on purpose.
    if (stop?.kind === "deleted") return endDeleted(machine, sessionId);
    if (stop && stop.at >= since) return lifecycle.stopLaunched(machine, sessionId);
    if (stop) await stops.clear(sessionId);
    if (!presence.isActive(sessionId)) launches.expect(sessionId, machine.id);
  };
  const scrubber = new Scrubber({ store: keeping, clock, log });
  /** Takes a session out of the database, of everything in memory and of its machine, and its text off the disk. */
  const remove = async (session: Session): Promise<void> => {
    const { id, namespace, metadata } = session;
    await lifecycle.remove(session);
    await durable();
    presence.forget(id);
    for (const link of links.of("session", id)) {
      rpc.unregisterAll(link);
      links.remove(link);
    }
    await scrubber.scrub();
    if (metadata?.machineId !== undefined) await forgetNow({ id: metadata.machineId, namespace });
  };
  const retention = parts.retention ?? keepsEverything;
  const housekeeping = new Housekeeping({
    store: keeping,
    retention: () => retention.read(),
    session: (id) => sessions.get(id),
    isStarting: (session) => lifecycle.isStarting(session),
    remove,
    clock,
    log,
  });
  return { endDeleted, onSpawned, scrubber, remove, retention, housekeeping };
}

/** What people ask of sessions. */
function createAsked(parts: HubParts, before: Ending) {
  const { stores, clock, log } = parts;
  const { durable, links, rpc, launches, watch, starting, resume, waker, jobs, endDeleted } = before;
  const { sessions, messages, machines, transaction } = stores;
  const session = (id: string): Promise<Session | null> => sessions.get(id);
  return {
    door: createDoor({ ...before, onFailed: (caller) => before.notices.failed(caller), clock, log }),
    permissions: new Permissions({ store: stores.permissions, rpc, links, log, durable, session }),
    settings: new SessionSettings({ store: sessions, rpc, starting, durable }),
    control: new SessionControl({ rpc, resume, session }),
    fork: new Fork({ sessions, messages, machines, rpc, watch, durable, endDeleted }),
    prompts: new Prompts({
      store: messages,
      transaction,
      links,
      rpc,
      clock,
      durable,
      wake: (id) => waker.asked(id),
      scheduled: () => ignore(jobs.look(dueKind), "said in the log, and tried again"),
      isExpected: (id) => launches.isExpected(id),
      isResuming: (id) => launches.isResuming(id),
    }),
  };
}

/** What people are told. */
function createTold(parts: HubParts, before: Ending) {
  const { stores, bus, clock, log } = parts;
  const { credentials, lock, links, rpc, live, delivery, deliver, machinePresence, lifecycle, waker } = before;
  const { sessions, messages, machines } = stores;
  const session = (id: string): Promise<Session | null> => sessions.get(id);
  const settled = (): Promise<void> => stores.settled();
  const mended = createMendedLook({ rpc, clock, log, start: (id) => waker.tryAnew(id) });
  const promptWatch = new PromptWatch({
    store: messages,
    session,
    facts: promptFacts({ machines, machinePresence, rpc, links, delivery, waker, isStarting: (one) => lifecycle.isStarting(one) }),
    // Sent again, it reaches a session that has it already, and makes that look at its queue.
    repair: ({ id, active }) => (active ? deliver(id) : waker.wake(id)),
    lookAgain: (one, code) => ignore(mended(one, code), "asked again with a later round"),
    bus,
    clock,
    log,
  });
  const { maxBufferedBytes } = parts;
  const read = { log: stores.log, sessions, messages, machines };
  const sse = new SseHub({ ...read, credentials, lock, watch: promptWatch, bus, live, clock, logger: log, maxBufferedBytes, settled });
  const toasts = new Toasts({ bus, clock, session });
  const feed = createFactFeed({ store: stores.facts, bus, clock, log, settled }, [toasts]);
  return { promptWatch, sse, toasts, feed };
}
