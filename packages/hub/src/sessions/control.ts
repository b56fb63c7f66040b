/** Handing control over and retrying: what a person asks of a living session, or of one that is woken for it. */
import { capability, AppError, type Session } from "@hapi/protocol";
import type { Rpc } from "../rpc/rpc.ts";
import type { Resume } from "./resume.ts";

/** Its process is only just being started. */
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
    await this.#deps.rpc.session(session.id).switch(now ? { to, now } : { to });
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
    const { status = "started" } = await this.#deps.rpc
      .session(sessionId)
      .retryTurn({}, session.active ? {} : { readyMs: afterResumeReadyMs });
    return status;
  }

  /** The retry that waits for its time is given up. */
  async cancelRetry(session: Session): Promise<"cancelled" | "none"> {
    const { status = "none" } = await this.#deps.rpc.session(session.id).cancelRetry({});
    return status;
  }
}
