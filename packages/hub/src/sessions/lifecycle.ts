/**
 * How sessions end: by their own `session-end`, by a person who aborts or archives, never by a lost connection. Writes `lifecycleState`
 * with its time; the session process keeps the other states of the table itself.
 */
import type { Clock, Logger } from "@hapi/platform";
import { AppError, type LifecycleState, type Metadata, type Session } from "@hapi/protocol";
import type { Links } from "../rpc/links.ts";
import { rpcFailure, type Rpc } from "../rpc/rpc.ts";
import type { SessionPresence } from "./presence.ts";
import type { SessionStore } from "./store.ts";

const endTimeoutMs = 10_000;
const readyMs = 1_000;

export interface LifecycleDeps {
  store: SessionStore;
  presence: SessionPresence;
  rpc: Rpc;
  links: Links;
  clock: Clock;
  log: Logger;
  durable(): Promise<void>;
  /** The agent is gone: live text of it is too. */
  onEnded(sessionId: string): void;
  /** It ended by itself, perhaps with prompts that were accepted to be run. */
  onGone(sessionId: string): void;
  /** A person ended it: prompts that wait must not start it again. */
  rest(sessionId: string): Promise<void>;
}

/** Archiving makes sense for what ran; a row nobody described is deleted instead (reference client contract 1, §1.4). */
const archivable = new Set<string>(["initializing", "running", "paused", "completed", "aborted", "failed"]);
const stillOpen = new Set<string>(["initializing", "running", "paused"]);

export class Lifecycle {
  readonly #deps: LifecycleDeps;

  constructor(deps: LifecycleDeps) {
    this.#deps = deps;
  }

  /** The session process said goodbye. */
  async ended(session: Session, reason: string | undefined): Promise<void> {
    await this.#end(session.id);
    await this.#deps.store.announceEnd(session.id, reason);
    const state: LifecycleState = reason === "error" ? "failed" : "completed";
    await this.#setState(session.id, (metadata) =>
      stillOpen.has(metadata.lifecycleState ?? "running") ? { lifecycleState: state } : null,
    );
    this.#deps.onEnded(session.id);
    this.#deps.onGone(session.id);
  }

  async abortTurn(session: Session, reason: string): Promise<void> {
    const answer = await this.#deps.rpc.call("session", session.id, "abort", { reason }, { readyMs });
    const failure = rpcFailure(answer, "apply_failed");
    if (failure) throw failure;
  }

  /** Ends the agent. Nobody there to hear it counts as ended: a lease that comes back shows that it was not. */
  async abortSession(session: Session): Promise<void> {
    await this.#deps.rest(session.id);
    await this.#stopAgent(session);
    await this.#end(session.id);
    await this.#setState(session.id, () => ({ lifecycleState: "aborted" }));
    this.#deps.onEnded(session.id);
    await this.#deps.durable();
  }

  async archive(session: Session, reason: string | undefined): Promise<"archived" | "already"> {
    const state = session.metadata?.lifecycleState;
    if (state === "archived" && !session.active) return "already";
    if (!session.active && !archivable.has(state ?? "")) throw new AppError("session_inactive");
    await this.#deps.rest(session.id);
    if (session.active) await this.#stopAgent(session);
    await this.#end(session.id);
    await this.#setState(session.id, () => ({
      lifecycleState: "archived",
      archivedBy: "user",
      archiveReason: reason ?? "Archived by user",
    }));
    this.#deps.onEnded(session.id);
    await this.#deps.durable();
    return "archived";
  }

  /** What the process still says on its way out does not bring the session back. */
  async #end(sessionId: string): Promise<void> {
    for (const link of this.#deps.links.of("session", sessionId)) this.#deps.presence.mute(link.id);
    await this.#deps.presence.end(sessionId);
  }

  async #stopAgent(session: Session): Promise<void> {
    const isOurs = this.#deps.links.of("session", session.id).some((link) => link.capabilities.has("stages"));
    const call = isOurs
      ? this.#deps.rpc.call(
          "session",
          session.id,
          "abort",
          { scope: "session", reason: "Ended by user" },
          { timeoutMs: endTimeoutMs, readyMs },
        )
      : this.#deps.rpc.call("session", session.id, "killSession", {}, { timeoutMs: endTimeoutMs });
    await call.catch(async (cause: unknown) => {
      this.#deps.log.info("session.end_not_heard", { sessionId: session.id, reason: String(cause) });
      await this.#stopByMachine(session);
    });
  }

  async #stopByMachine(session: Session): Promise<void> {
    const machineId = session.metadata?.machineId;
    if (machineId === undefined || !this.#deps.rpc.has("machine", machineId, "stop-session")) return;
    const params = { sessionId: session.id };
    await this.#deps.rpc.call("machine", machineId, "stop-session", params, { timeoutMs: endTimeoutMs }).catch((cause: unknown) => {
      this.#deps.log.warn("session.stop_failed", { sessionId: session.id, reason: String(cause) });
    });
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
