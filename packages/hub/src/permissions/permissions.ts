/**
 * Answers to what an agent asks. The session decides (first answer wins there); the hub says what became of the answer: applied, waiting
 * for a session that is away, sent and not taken up yet, or that the request is closed and how: who answers too late hears what happened.
 */
import { ignore, type Logger } from "@hapi/platform";
import { AppError, normalizePermissionMode, type Session } from "@hapi/protocol";
import type { PermissionParams, sessionRpc } from "@hapi/protocol/rpc";
import type * as z from "zod/mini";
import { hearsLater } from "../peer/traits.ts";
import type { Links } from "../rpc/links.ts";
import { RpcRefusal } from "../rpc/answer.ts";
import type { Rpc } from "../rpc/rpc.ts";
import type { PermissionStore, StoredDecision } from "./store.ts";

/** What a person says to a request. */
export type Answer = Pick<
  PermissionParams,
  "approved" | "mode" | "allowTools" | "decision" | "answers" | "reason" | "updatedInput" | "digest"
>;
type Reply = z.output<(typeof sessionRpc)["permission"]["result"]>;

type Whole = z.output<(typeof sessionRpc)["wholeRequest"]["result"]>;

export interface PermissionDeps {
  store: PermissionStore;
  rpc: Rpc;
  links: Links;
  log: Logger;
  session(id: string): Promise<Session | null>;
  durable(): Promise<void>;
}

export class Permissions {
  readonly #deps: PermissionDeps;

  constructor(deps: PermissionDeps) {
    this.#deps = deps;
  }

  async answer(session: Session, requestId: string, answer: Answer): Promise<Taken> {
    // What was answered stays answered, also when the session has ended.
    const done = completedOf(session, requestId);
    if (done) throw closed(done);
    const earlier = await this.#deps.store.decision(session.id, requestId);
    if (earlier) throw closed(waitingOutcome(earlier));
    if (!session.active) throw new AppError("session_inactive");
    const { requests } = session.agentState ?? {};
    if (!requests || !Object.hasOwn(requests, requestId)) throw new AppError("request_not_found");
    const params = { id: requestId, ...answer, ...this.#mode(session, answer.mode) };
    let reply: Reply;
    try {
      // Of others nobody comes back who would still know the request.
      reply = await this.#deps.rpc.session(session.id).permission(params, this.#hearsLater(session) ? {} : { readyMs: 0 });
    } catch (cause) {
      // Where answers are held back, none is kept either: it would be heard later, though nobody may answer now.
      if (!(cause instanceof AppError) || cause instanceof RpcRefusal || cause.code === "hub_locked") throw cause;
      return this.#keep(session, requestId, params, cause);
    }
    return this.#outcome(session, requestId, reply);
  }

  /** All that an open request asks: only its session has it. */
  async whole(session: Session, requestId: string): Promise<Whole> {
    if (!session.active) throw new AppError("session_inactive");
    return this.#deps.rpc.session(session.id).wholeRequest({ id: requestId });
  }

  /** The session is reachable again: it hears the decisions that wait for it. */
  async deliverWaiting(sessionId: string): Promise<void> {
    for (const { requestId, params } of await this.#deps.store.waiting(sessionId)) {
      const isHeard = await this.#deps.rpc
        .session(sessionId)
        .permission(params, { readyMs: 0 })
        .then(
          () => true,
          (cause: unknown) => {
            if (cause instanceof RpcRefusal) return true;
            this.#deps.log.warn("permission.decision_not_delivered", { sessionId, requestId, cause });
            return false;
          },
        );
      if (!isHeard) return;
      await this.#deps.store.dropDecision(sessionId, requestId);
    }
  }

  #mode(session: Session, mode: string | undefined): { mode?: string } {
    if (mode === undefined) return {};
    const known = normalizePermissionMode(session.metadata?.flavor, mode);
    if (known === null) throw new AppError("invalid_mode");
    return { mode: known };
  }

  #hearsLater(session: Session): boolean {
    return hearsLater(session, this.#deps.links.of("session", session.id));
  }

  async #keep(session: Session, requestId: string, params: PermissionParams, cause: AppError): Promise<"pending"> {
    if (!this.#hearsLater(session)) throw new AppError("agent_away", undefined, { cause });
    const saved = await this.#deps.store.saveDecision(session.id, requestId, params);
    if (saved === "missing") throw new AppError("request_not_found");
    if (saved === "taken") throw closed(waitingOutcome(await this.#deps.store.decision(session.id, requestId)));
    await this.#deps.durable();
    // It may have come back while this was written.
    if (this.#deps.rpc.has("session", session.id, "permission"))
      ignore(this.deliverWaiting(session.id), "it is tried again when the session attaches");
    return "pending";
  }

  async #outcome(session: Session, requestId: string, reply: Reply): Promise<Taken> {
    const { status } = reply;
    if (status === "not-found") throw new AppError("request_not_found");
    if (status === "closed") throw closed(await this.#closedOutcome(session.id, requestId, reply));
    // The person waits for the answer, not for the log.
    setImmediate(() => this.#deps.log.info("permission.answered", { sessionId: session.id, requestId }));
    return status === "pending" || status === "sent" ? status : "applied";
  }

  /** The session closed it a moment ago: the row knows more of it than the reply, if it is there already. */
  async #closedOutcome(sessionId: string, requestId: string, reply: Reply): Promise<Outcome> {
    const session = await this.#deps.session(sessionId);
    const done = session && completedOf(session, requestId);
    if (done) return done;
    return outcome(reply.outcome ?? "canceled", reply);
  }
}

/** `sent`: the agent has the answer, and its record does not show yet which one it took. */
export type Taken = "applied" | "sent" | "pending";

/** What became of a request, in the one shape in which everybody hears it. */
interface Outcome {
  /**
   * `approved`, `denied`, `canceled`, `sent` (another answer is on its way), or `pending`: answered, and the session has not heard it yet.
   */
  status: string;
  /** `person` (from a client), `policy`, `terminal`, `agent`. */
  by?: string;
  decision?: string;
  reason?: string;
  completedAt?: number;
}

function completedOf(session: Session, requestId: string): Outcome | null {
  const completed = session.agentState?.completedRequests;
  const done = completed && Object.hasOwn(completed, requestId) ? completed[requestId] : undefined;
  return done ? outcome(done.status, { ...done, by: done.answeredBy }) : null;
}

function waitingOutcome(waiting: StoredDecision | null): Outcome {
  const { approved, decision, reason } = waiting?.params ?? {};
  return outcome("pending", { decision: decision ?? (approved === undefined ? undefined : approved ? "approved" : "denied"), reason });
}

function outcome(
  status: string,
  { decision, reason, completedAt, by }: { decision?: unknown; reason?: unknown; completedAt?: unknown; by?: unknown },
): Outcome {
  return {
    status,
    ...(typeof by === "string" ? { by } : {}),
    ...(typeof decision === "string" ? { decision } : {}),
    ...(typeof reason === "string" ? { reason } : {}),
    ...(typeof completedAt === "number" ? { completedAt } : {}),
  };
}

function closed(what: Outcome): AppError {
  return new AppError("request_closed", sentenceOf(what), { details: { outcome: what } });
}

const DOORS: Readonly<Record<string, string>> = { terminal: " in the terminal", policy: " by the permission mode", agent: " by the agent" };

function sentenceOf({ status, by = "", decision }: Outcome): string {
  const door = DOORS[by] ?? "";
  const said = decision === "denied" || decision === "abort" ? "deny" : "allow";
  switch (status) {
    case "approved":
      return `It was allowed${door} already`;
    case "denied":
      return `It was denied${door} already`;
    case "sent":
      return `Another answer (${said}) was sent already, and the agent has not taken it up yet`;
    case "pending":
      return `Another answer (${said}) waits for the session already`;
    default:
      return "It is over: nothing waits for an answer any more";
  }
}
