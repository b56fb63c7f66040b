/**
 * Brings an inactive session back on its machine, under the same id. One attempt at a time: who asks meanwhile joins it. An existing
 * runner may answer with a new id; that row is merged into the one everybody knows.
 */
import type { Clock, Logger } from "@hapi/platform";
import { AppError, DEFAULT_FLAVOR, threadKeyOf, type Machine, type Session, type SpawnParams } from "@hapi/protocol";
import { Signal } from "../events/signal.ts";
import { keepsRecord } from "../peer/traits.ts";
import type { MachinePresence } from "../machines/presence.ts";
import { sandboxOf, sandboxRefusal, startOn } from "../machines/spawn.ts";
import type { MachineStore } from "../machines/store.ts";
import type { MessageStore } from "../messages/store.ts";
import type { Rpc } from "../rpc/rpc.ts";
import type { ActivityWatch } from "./activity-watch.ts";
import { chosenOf, effortOf } from "./chosen.ts";
import type { Launches } from "./launches.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { leaseMs } from "./presence.ts";
import { offersHistory, resumeFailed } from "./resume-failure.ts";
import type { StopStore } from "./stops.ts";
import type { SessionStore } from "./store.ts";

const activeWaitMs = 15_000;
/** An agent that takes longer than this to start is believed to be starting still. */
const startedWaitMs = 60_000;
const endedWaitMs = 5_000;
/** A session of ours shows itself sooner than this. */
const signMs = 2_000;
/** A lease, and the time until that is noticed. */
const leaseEndsMs = leaseMs + 10_000;

export interface ResumeDeps {
  sessions: SessionStore;
  stops: StopStore;
  messages: MessageStore;
  machines: MachineStore;
  machinePresence: MachinePresence;
  rpc: Rpc;
  clock: Clock;
  log: Logger;
  isActive(sessionId: string): boolean;
  /** Resolves true once the session is active, false after `waitMs`. */
  watch: ActivityWatch;
  merge(from: string, into: string): Promise<void>;
  launches: Launches;
  lifecycle: Pick<Lifecycle, "stopLaunched" | "reopened">;
}

export class Resume {
  /** It runs again, by an attempt of ours. */
  readonly cameUp = new Signal<[sessionId: string]>();
  readonly #deps: ResumeDeps;

  constructor(deps: ResumeDeps) {
    this.#deps = deps;
  }

  /** Answers the id under which the session is active. */
  resume(session: Session, options: { permissionMode?: string } = {}): Promise<string> {
    if (session.active && this.#isThere(session)) return Promise.resolve(session.id);
    return this.#deps.launches.join(session.id, () =>
      session.active ? this.#backOrGone(session, options) : this.#attempt(session, options),
    );
  }

  /** The lease outlives a process that was killed with its machine: of ours, one that is there has said what can be asked of it. */
  #isThere({ id, metadata }: Session): boolean {
    return !keepsRecord(metadata) || this.#deps.rpc.has("session", id, "abort");
  }

  /** Its process comes back, or its lease runs out; then it is started. */
  async #backOrGone(session: Session, options: { permissionMode?: string }): Promise<string> {
    const { rpc, watch, sessions } = this.#deps;
    await Promise.race([rpc.ready("session", session.id, "abort", leaseEndsMs), watch.whenInactive(session.id, leaseEndsMs)]);
    const now = (await sessions.get(session.id)) ?? session;
    return now.active ? now.id : this.#attempt(now, options);
  }

  async #attempt(session: Session, options: { permissionMode?: string }): Promise<string> {
    const wanted = await this.#params(session, options);
    const machine = await this.#machineOf(session);
    const params = { ...wanted, ...elsewhere(session, machine) };
    const refusal = sandboxRefusal(params, machine);
    if (refusal) throw await resumeFailed(this.#deps, session, refusal);
    // To start it is a decision too, newer than the one that ended it. It holds for a process that comes after nobody waits for it.
    if (await this.#deps.stops.get(session.id)) await this.#deps.stops.clear(session.id);
    await this.#deps.launches.whileWaiting(session.id, async (givenUp) => {
      const startedId = await this.#spawn(session, machine, params);
      await this.#checkWanted(session, machine, startedId);
      if (startedId !== session.id) await this.#adopt(startedId, session);
      await Promise.race([this.#up(session, () => this.#spawn(session, machine, params)), givenUp]);
      await this.#checkWanted(session, machine, startedId);
      await this.#checkUp(session);
    });
    this.cameUp.tell(session.id);
    await this.#deps.lifecycle.reopened(session.id);
    this.#deps.log.info("session.resumed", { sessionId: session.id, machineId: machine.id });
    return session.id;
  }

  async #checkWanted(session: Session, machine: Machine, startedId: string): Promise<void> {
    const stop = await this.#deps.stops.get(session.id);
    if (!stop) return;
    await this.#deps.lifecycle.stopLaunched(machine, startedId);
    throw new AppError(stop.kind === "archived" ? "session_archived" : "session_inactive", "The session was ended while it was started");
  }

  /** Active, and with the word of its process on how the start of its agent went. Who never said such a thing is not waited for. */
  async #up({ id, metadata }: Session, startAgain: () => Promise<unknown>): Promise<void> {
    const before = metadata?.lastStart?.at;
    const isTold = (now: Session | null) => now === null || now.metadata?.lastStart?.at !== before;
    const { watch, clock } = this.#deps;
    const isThere = (now: Session | null) => now?.active === true || isTold(now);
    const deadline = clock.now() + activeWaitMs;
    for (let left = activeWaitMs; !(await watch.when(id, isThere, keepsRecord(metadata) ? Math.min(left, signMs) : left));) {
      left = deadline - clock.now();
      if (left <= 0 || !this.#deps.launches.isWaitedFor(id)) return;
      // The host that was found there was on its way out. Our runner joins one that lives, so asking again is harmless.
      await startAgain();
    }
    if (before === undefined) return;
    await watch.when(id, (now) => now?.active !== true || isTold(now), startedWaitMs);
  }

  /** It stands; or the real cause. */
  async #checkUp(before: Session): Promise<void> {
    const now = await this.#deps.sessions.get(before.id);
    const { lastStart, lifecycleState, failureCode } = now?.metadata ?? {};
    const failure = lastStart?.at === before.metadata?.lastStart?.at ? undefined : lastStart?.failure;
    if (!failure && now?.active) return;
    // It is on its way out: whoever looks after this answer sees it ended.
    if (now?.active) await this.#deps.watch.whenInactive(before.id, endedWaitMs);
    throw await resumeFailed(this.#deps, before, failure ?? { code: lifecycleState === "failed" ? failureCode : undefined });
  }

  async #params(session: Session, options: { permissionMode?: string }): Promise<SpawnParams & { type: "spawn-in-directory" }> {
    const { metadata } = session;
    if (!metadata?.path) throw new AppError("resume_unavailable");
    const thread = metadata[threadKeyOf(metadata.flavor)];
    const resumeSessionId = typeof thread === "string" && thread !== "" ? thread : undefined;
    // Our runner keeps its own record of the session; for others the thread is all there is.
    const needsThread = !keepsRecord(metadata) && resumeSessionId === undefined;
    if (needsThread && (await this.#deps.messages.hasHistory(session.id))) {
      const details = (await offersHistory(this.#deps, session)) ? { offers: ["history"] } : {};
      throw new AppError("resume_unavailable", undefined, { details });
    }
    const { model, permissionMode } = { ...chosenOf(session), ...options };
    return {
      type: "spawn-in-directory",
      directory: metadata.path,
      agent: metadata.flavor ?? DEFAULT_FLAVOR,
      ...(resumeSessionId === undefined ? {} : { resumeSessionId }),
      existingSessionId: session.id,
      sessionId: session.id,
      ...(permissionMode === undefined ? {} : { permissionMode }),
      ...(model == null ? {} : { model }),
      ...effortOf(session),
      forkSession: false,
      ...sandboxOf(metadata),
    };
  }

  /** The machine itself, else another registration of the same host. */
  async #machineOf(session: Session): Promise<Machine> {
    const machines = await this.#deps.machines.list(session.namespace);
    const online = machines.filter((machine) => this.#deps.machinePresence.isOnline(machine.id));
    const own = online.find((machine) => machine.id === session.metadata?.machineId);
    const sameHost = online.find((machine) => machine.metadata?.host !== undefined && machine.metadata.host === session.metadata?.host);
    const machine = own ?? sameHost;
    if (!machine) throw new AppError("no_machine_online");
    return machine;
  }

  async #spawn(session: Session, machine: Machine, params: SpawnParams): Promise<string> {
    const started = await startOn(this.#deps.rpc, machine, params).catch(async (cause: unknown) => {
      if (cause instanceof AppError && cause.code === "rpc_target_missing") throw new AppError("no_machine_online", undefined, { cause });
      if (!(cause instanceof AppError) || (cause.code !== "rpc_timeout" && cause.code !== "agent_away")) throw cause;
      const message = "The machine did not answer in time; its runner may be busy or gone";
      throw await resumeFailed(this.#deps, session, { code: cause.code, message, cause });
    });
    if (typeof started === "string") return started;
    throw await resumeFailed(this.#deps, session, started);
  }

  async #adopt(startedId: string, session: Session): Promise<void> {
    const started = await this.#deps.sessions.get(startedId);
    if (!started || started.namespace !== session.namespace) throw new AppError("resume_failed");
    await this.#deps.merge(startedId, session.id);
  }
}

/** A computer that registered anew is known by its name alone, which another one may have too: it decides by what it has of the session. */
function elsewhere({ metadata }: Session, machine: Machine): Pick<SpawnParams, "knownOnly"> {
  const isItsOwn = metadata?.machineId === undefined || metadata.machineId === machine.id;
  return isItsOwn || !keepsRecord(metadata) ? {} : { knownOnly: true };
}
