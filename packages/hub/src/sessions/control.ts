/** Handing control over, retrying, forking: what a person asks of a living session, or of one that is woken for it. */
import { capability, AppError, type Session } from "@hapi/protocol";
import { rpcFailure, type Rpc } from "../rpc/rpc.ts";
import type { Resume } from "./resume.ts";

const readyMs = 2_000;
const switchTimeoutMs = 30_000;
const forkTimeoutMs = 120_000;
const afterResumeReadyMs = 15_000;

export interface ControlDeps {
  rpc: Rpc;
  resume: Resume;
  session(id: string): Promise<Session | null>;
}

export class SessionControl {
  readonly #deps: ControlDeps;

  constructor(deps: ControlDeps) {
    this.#deps = deps;
  }

  async switchTo(session: Session, to: "remote" | "local", now: boolean): Promise<void> {
    const control = capability(session.metadata, "control");
    const hasModes = control === undefined || control === "switch";
    if (!hasModes || capability(session.metadata, "concurrentClients") === true) throw new AppError("control_mode_not_applicable");
    const params = now ? { to, now } : { to };
    const answer = await this.#deps.rpc.call("session", session.id, "switch", params, { readyMs, timeoutMs: switchTimeoutMs });
    const failure = rpcFailure(answer, "handoff_failed");
    if (failure) throw failure;
  }

  /** The failed turn again on the same conversation. Asked twice, it is sent once: the session says that the second call joined. */
  async retry(session: Session): Promise<"started" | "joined"> {
    if (!session.active && session.metadata?.lifecycleState === "archived") throw new AppError("session_archived");
    try {
      return await this.#retryOnce(session);
    } catch (cause) {
      // Its process went away over this call, with or without having heard it: asked again, it is still sent once.
      const isAway = cause instanceof AppError && (cause.code === "agent_away" || cause.code === "rpc_target_missing");
      const now = isAway ? await this.#deps.session(session.id) : null;
      if (!now) throw cause;
      return this.#retryOnce(now);
    }
  }

  async #retryOnce(session: Session): Promise<"started" | "joined"> {
    const sessionId = await this.#deps.resume.resume(session);
    const wait = session.active ? readyMs : afterResumeReadyMs;
    const answer = await this.#deps.rpc.call("session", sessionId, "retry-turn", {}, { readyMs: wait });
    const failure = rpcFailure(answer, "retry_unavailable");
    if (failure) throw failure;
    return isObject(answer) && answer["status"] === "joined" ? "joined" : "started";
  }

  /** The retry that waits for its time is given up. */
  async cancelRetry(session: Session): Promise<"cancelled" | "none"> {
    const answer = await this.#deps.rpc.call("session", session.id, "cancel-retry", {}, { readyMs });
    const failure = rpcFailure(answer, "apply_failed");
    if (failure) throw failure;
    return isObject(answer) && answer["status"] === "cancelled" ? "cancelled" : "none";
  }

  async fork(session: Session, messageLocalId: string | undefined): Promise<unknown> {
    const params = messageLocalId === undefined ? {} : { messageLocalId };
    const answer = await this.#deps.rpc.call("session", session.id, "fork-conversation", params, { readyMs, timeoutMs: forkTimeoutMs });
    const failure = rpcFailure(answer, "apply_failed");
    if (failure) throw failure;
    return answer;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
