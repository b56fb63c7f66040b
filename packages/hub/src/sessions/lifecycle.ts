/**
 * How sessions end: by their own `session-end`, by a person who aborts or archives, never by a lost connection. Writes `lifecycleState`
 * with its time; the session process keeps the other states of the table itself.
 */
import type { Clock, Logger } from "@hapi/platform";
import { AppError, type LifecycleState, type Metadata, type Session } from "@hapi/protocol";
import { confirms } from "../peer/traits.ts";
import { Signal } from "../events/signal.ts";
import type { Transaction } from "../events/transaction.ts";
import { forgetJob } from "../machines/forgets.ts";
import type { JobStore } from "../jobs/store.ts";
import type { Links } from "../rpc/links.ts";
import { RpcRefusal } from "../rpc/answer.ts";
import type { MachineRef, Rpc } from "../rpc/rpc.ts";
import type { Launches } from "./launches.ts";
import { decidedState } from "./metadata-merge.ts";
import type { SessionPresence } from "./presence.ts";
import { holdMs, hostPidOf, type Stop, type StopStore } from "./stops.ts";
import type { SessionStore } from "./store.ts";

/** For the end of an agent, which is not waited for as long as for the end of its turn. */
const endTimeoutMs = 10_000;

export interface LifecycleDeps {
  store: SessionStore;
  stops: StopStore;
  transaction: Transaction<{ sessions: SessionStore; stops: StopStore; jobs: JobStore }>;
  launches: Pick<Launches, "isUnderWay" | "machineOf" | "over">;
  presence: SessionPresence;
  rpc: Rpc;
  links: Links;
  clock: Clock;
  log: Logger;
  durable(): Promise<void>;
  /** A person ended it: prompts that wait must not start it again. */
  rest(sessionId: string): Promise<void>;
}

/** Archiving makes sense for what ran; a row nobody described is deleted instead. */
const archivable = new Set<string>(["initializing", "running", "paused", "completed", "aborted", "failed"]);
const stillOpen = new Set<string>(["initializing", "running", "paused"]);

export class Lifecycle {
  /** The agent is gone. */
  readonly agentEnded = new Signal<[sessionId: string]>();
  /** It ended by itself, perhaps with prompts that were accepted to be run; `holds`: some of them are in the session alone. */
  readonly wentAway = new Signal<[sessionId: string, holds: boolean]>();
  readonly #deps: LifecycleDeps;
  readonly #ending = new Set<string>();

  constructor(deps: LifecycleDeps) {
    this.#deps = deps;
  }

  /** The session process said goodbye. `holds`: with prompts of its own that its agent never got. */
  async ended(session: Session, reason: string | undefined, holds = false): Promise<void> {
    // What a person ended is not started again, whatever was left in it; a dead host's goodbye is said by its machine, later.
    const [stop] = await Promise.all([this.#deps.stops.get(session.id), this.#end(session.id)]);
    // The process that a decision was about is gone: whoever comes next was started after it.
    await this.#deps.stops.clear(session.id);
    await this.#deps.store.announceEnd(session.id, reason);
    const state: LifecycleState = reason === "error" ? "failed" : "completed";
    await this.#setState(session.id, (metadata) =>
      stillOpen.has(metadata.lifecycleState ?? "running") ? { lifecycleState: state } : null,
    );
    this.agentEnded.tell(session.id);
    this.wentAway.tell(session.id, holds && stop === null);
  }

  async abortTurn(session: Session, reason: string): Promise<void> {
    await this.#deps.rpc.session(session.id).abort({ reason });
  }

  /** Started, by the hub or by its runner, and nothing heard of it yet. */
  isStarting(session: Session): boolean {
    if (session.active) return false;
    if (this.#deps.launches.isUnderWay(session.id)) return true;
    const { lifecycleState, startedFromRunner } = session.metadata ?? {};
    return lifecycleState === "initializing" && startedFromRunner === true && this.#deps.clock.now() - session.createdAt < holdMs;
  }

  /** Ends the agent. What shows up of it later is ended again. */
  async abortSession(session: Session): Promise<void> {
    if (!session.active && !this.isStarting(session)) throw new AppError("session_inactive");
    await this.#stop(session, "aborted", null);
  }

  async archive(session: Session, reason: string | undefined): Promise<"archived" | "already"> {
    const state = session.metadata?.lifecycleState;
    const isUp = session.active || this.isStarting(session);
    if (state === "archived" && !isUp) return "already";
    if (!isUp && !archivable.has(state ?? "")) throw new AppError("session_inactive");
    await this.#stop(session, "archived", reason ?? null);
    return "archived";
  }

  /** Back into the list, without starting anything. */
  async unarchive(session: Session): Promise<void> {
    if ((await this.#deps.stops.get(session.id))?.kind === "archived") await this.#deps.stops.clear(session.id);
    await this.reopened(session.id);
    await this.#deps.durable();
  }

  /** It runs again, or is wanted in the list again: it is no longer archived. */
  async reopened(sessionId: string): Promise<void> {
    const session = await this.#deps.store.get(sessionId);
    if (session?.metadata?.lifecycleState !== "archived") return;
    const lifecycleStateSince = this.#deps.clock.now();
    await this.#deps.store.updateMetadata(sessionId, null, (metadata) => {
      if (metadata?.lifecycleState !== "archived") return metadata;
      const { archivedBy: _by, archiveReason: _reason, ...rest } = metadata;
      return { ...rest, lifecycleState: session.active ? "running" : "completed", lifecycleStateSince };
    });
    await this.#deps.durable();
  }

  /** Row and mark in one transaction: a process that is still about can't make the row again. */
  async remove({ id, namespace, metadata }: Session): Promise<void> {
    const at = this.#deps.clock.now();
    const hostPid = hostPidOf(metadata);
    await this.#deps.transaction(async ({ sessions, stops, jobs }) => {
      const heldUntil = (await stops.get(id))?.heldUntil ?? at;
      await sessions.remove(id);
      await stops.put({ sessionId: id, namespace, kind: "deleted", reason: null, at, heldUntil, hostPid });
      if (metadata?.machineId !== undefined) await jobs.put(forgetJob(id, { id: metadata.machineId, namespace }));
    });
  }

  /** A process of a session that a person ended shows up: it is ended too. */
  async endAgain(session: Session): Promise<void> {
    if (this.#ending.has(session.id)) return;
    this.#ending.add(session.id);
    this.#deps.log.info("session.ended_again", { sessionId: session.id });
    await this.#stopAgent(session, false).finally(() => this.#ending.delete(session.id));
  }

  /** A launch came through although somebody had ended the session meanwhile. */
  async stopLaunched(machine: MachineRef, sessionId: string): Promise<void> {
    if (!this.#deps.rpc.has("machine", machine, "stopSession")) return;
    await this.#deps.rpc
      .machine(machine)
      .stopSession({ sessionId })
      .catch((cause: unknown) => {
        this.#deps.log.warn("session.stop_failed", { sessionId, cause });
      });
  }

  /** The decision is written before anything is done for it: from then on no process can undo it. */
  async #stop(session: Session, kind: "aborted" | "archived", reason: string | null): Promise<void> {
    const now = this.#deps.clock.now();
    const isStarting = this.isStarting(session);
    const heldUntil = isStarting ? now + holdMs : now;
    const hostPid = hostPidOf(session.metadata);
    const stop: Stop = { sessionId: session.id, namespace: session.namespace, kind, reason, at: now, heldUntil, hostPid };
    // A process that said goodbye can't come back: nothing has to be kept against it.
    const isOver = !session.active && !isStarting && !stillOpen.has(session.metadata?.lifecycleState ?? "running");
    if (!isOver || (await this.#deps.stops.get(session.id))) await this.#deps.stops.put(stop);
    await this.#deps.rest(session.id);
    if (session.active || isStarting) await this.#stopAgent(session, isStarting);
    this.#deps.launches.over(session.id);
    await this.#end(session.id);
    await this.#setState(session.id, () => decidedState(stop));
    this.agentEnded.tell(session.id);
    await this.#deps.durable();
  }

  /** What the process still says on its way out does not bring the session back. */
  async #end(sessionId: string): Promise<void> {
    for (const link of this.#deps.links.of("session", sessionId)) this.#deps.presence.mute(link.id);
    await this.#deps.presence.end(sessionId);
  }

  /** The machine is asked too where the process may not listen yet. */
  async #stopAgent(session: Session, isStarting: boolean): Promise<void> {
    const target = this.#deps.rpc.session(session.id);
    const call = confirms(this.#deps.links.of("session", session.id))
      ? target.abort({ scope: "session", reason: "Ended by user" }, { timeoutMs: endTimeoutMs })
      : target.killSession({});
    const isHeard = await call.then(
      () => true,
      (cause: unknown) => {
        if (cause instanceof RpcRefusal) return true;
        this.#deps.log.info("session.end_not_heard", { sessionId: session.id, cause });
        return false;
      },
    );
    const machineId = this.#deps.launches.machineOf(session.id) ?? session.metadata?.machineId;
    if ((!isHeard || isStarting) && machineId !== undefined)
      await this.stopLaunched({ id: machineId, namespace: session.namespace }, session.id);
  }

  async #setState(sessionId: string, change: (metadata: Metadata) => Partial<Metadata> | null): Promise<void> {
    const now = this.#deps.clock.now();
    await this.#deps.store.updateMetadata(sessionId, null, (metadata) => {
      if (metadata === null) return null;
      const next = change(metadata);
      return next === null || next.lifecycleState === metadata.lifecycleState
        ? metadata
        : { ...metadata, ...next, lifecycleStateSince: now };
    });
  }
}
