/**
 * The broker between what an agent asks and who may answer. Invariants: an answer is on disk before anyone is told that it was taken; it is bound
 * to the one request id that was shown; the first answer wins, also over the terminal's, and until the agent's record shows which one it took an
 * answer is *sent*; a request is closed only when the agent went on (or withdrew it), as what really happened. After a restart the agent's requests are announced again with the same ids and meet what is written here.
 */
import type { AgentRequest, DriverEvent, DriverLog, RequestAnswer } from "@hapi/agents";
import { type EditPlace, toAppError } from "@hapi/protocol";
import type { PermissionAnswer, PermissionParams } from "@hapi/protocol/rpc";
import { type Clock, ignore, LATE, within } from "@hapi/platform";
import type { Ledger } from "./ledger.ts";
import { editPlacesOf, type ReadText } from "./edit-places.ts";
import type { RequestEntry } from "./ledger-state.ts";
import { checkSeen, wholeDigest, wholeOf } from "./request-digest.ts";
import {
  answerByPolicy,
  answerOf,
  closedAnswer,
  closedFields,
  closedOnWire,
  type Closing,
  requestsOnWire,
  type RequestsOnWire,
  sentAlready,
  waitedFor,
} from "./permission-answer.ts";

/** How long the RPC waits for the agent before it answers `pending`. */
const APPLY_WAIT_MS = 5_000;
/** The driver's word on how a request ended may come a moment after it no longer takes an answer. */
const GONE_WAIT_MS = 2_000;
/** After a restart a live agent's driver has this long to announce its open requests again. */
export const REANNOUNCE_MS = 10_000;

const ENDED = "The agent ended";
const ENDED_UNTOLD = "The agent ended before it said whether it took the answer";
/** What was answered was not this. */
const SOMETHING_ELSE = "The agent asks something else in its place";
const NOT_TOLD = "It is over; the agent did not say which answer it took";

export type RequestClosed = Omit<Extract<DriverEvent, { type: "request-closed" }>, "type">;

export interface PermissionBroker {
  announced(request: AgentRequest): void;
  closed(event: RequestClosed): void;
  answer(params: PermissionParams): Promise<PermissionAnswer>;
  /** The agent is gone, or was taken over: what it no longer asks is withdrawn. */
  /** `requests`: what it had asked by then; without them, all. */
  agentGone(requests?: readonly string[]): void;
  agentAdopted(): void;
  /** All that an open request asks. @throws `request_not_found` */
  whole(id: string): { tool: string; arguments: unknown; digest: string };
  onWire(): RequestsOnWire;
  readonly openCount: number;
  /** How long requests about this call were open; 0: there was none. */
  waitedMs(toolCallId: string): number;
}

export interface PermissionDeps {
  ledger: Ledger;
  flavor: string;
  mode(): string | undefined;
  /** A person's answer chose a mode, and the agent took it. */
  chosen(mode: string): void;
  /** Without a mode of its own, by whomever. */
  planAccepted(): void;
  /** Hands an answer to the agent. */
  apply(id: string, answer: RequestAnswer): Promise<"applied" | "sent" | "gone">;
  /** An answer is on its way to the agent. */
  answered(id: string, answer: RequestAnswer): void;
  /** A file of the session's folder; null: it can't be read. */
  readText: ReadText;
  /** What is on the wire changed. */
  changed(): void;
  clock: Clock;
  log: DriverLog;
}

/** A form that the agent can't take (a field left out): it asks still, and who answered hears why. */
async function askAgain(
  { ledger, changed }: Pick<PermissionDeps, "ledger" | "changed">,
  applying: Map<string, unknown>,
  { id, why }: { id: string; why: unknown },
): Promise<never> {
  await ledger.write({ k: "unanswered", id });
  applying.delete(id);
  changed();
  throw why;
}

export function createPermissionBroker(deps: PermissionDeps): PermissionBroker {
  const { ledger, clock, log } = deps;
  const { open, closed } = ledger.state;
  /** Announced by the driver of this life: answers can be applied. */
  const live = new Set<string>();
  const places = new Map<string, (EditPlace | null)[]>();
  /** Requests on their way to the disk: nobody is asked before they are there. */
  const opening = new Set<string>();
  /** Answers on their way to the disk, and to the agent. */
  const recording = new Map<string, Promise<void>>();
  const applying = new Map<string, Promise<PermissionAnswer>>();
  /** Who waits to hear how a request ended. */
  const closings = new Map<string, PromiseWithResolvers<void>>();

  const keep = (promise: Promise<void>, what: string): void => {
    promise.catch((cause: unknown) => log.warn("permission.not_kept", { what, cause }));
  };

  function finish(entry: RequestEntry, closing: Closing): void {
    const { id } = entry.request;
    live.delete(id);
    places.delete(id);
    applying.delete(id);
    const completed = closedOnWire(entry, closing, clock.now());
    const doubtful = closing.certain === false ? { doubtful: entry } : {};
    keep(ledger.write({ k: "closed", request: { id, outcome: completed.status, completed, ...doubtful } }), "closed");
    const { mode, answeredBy, provisional, status, kind } = completed;
    if (mode !== undefined && answeredBy === "person" && !provisional) deps.chosen(mode);
    else if (kind === "plan" && status === "approved" && !provisional) deps.planAccepted();
    log.info("permission.closed", { id, ...closedFields(completed) });
    closings.get(id)?.resolve();
    closings.delete(id);
    deps.changed();
  }

  /** Resolves when the request is closed, or it is taken for withdrawn. */
  function ended(id: string): Promise<void> {
    if (!open.has(id)) return Promise.resolve();
    const known = closings.get(id) ?? Promise.withResolvers<void>();
    closings.set(id, known);
    clock.setTimer(GONE_WAIT_MS, () => withdraw(id));
    return known.promise;
  }

  function withdraw(id: string): void {
    const entry = open.get(id);
    if (entry) finish(entry, { outcome: "canceled", by: "agent", reason: "The agent no longer asks" });
  }

  /**
   * Gives the recorded answer to the agent, once: who answers and the agent that announces its request again may both come here. The request
   * stays open until the driver says it is over.
   */
  async function apply(entry: RequestEntry): Promise<PermissionAnswer> {
    const { id } = entry.request;
    if (!entry.answer || !live.has(id)) return { status: "pending" };
    const running = applying.get(id);
    if (running) return running;
    const attempt = applyOnce(entry, entry.answer);
    applying.set(id, attempt);
    const result = await attempt;
    if (result.status === "pending") applying.delete(id);
    return result;
  }

  async function applyOnce({ request: { id } }: RequestEntry, answer: RequestAnswer): Promise<PermissionAnswer> {
    try {
      await recording.get(id);
      const result = await deps.apply(id, answer);
      if (result !== "gone") return { status: result };
      await ended(id);
      const done = closed.get(id);
      return done ? closedAnswer(done.completed) : { status: "closed" };
    } catch (cause) {
      // It stays recorded, and is given again when the driver announces the request again.
      log.warn("permission.apply_failed", { id, code: toAppError(cause).code, cause });
      if (toAppError(cause).code === "invalid_body") return askAgain(deps, applying, { id, why: cause });
      return { status: "pending" };
    }
  }

  async function record(entry: RequestEntry, answer: RequestAnswer, by: "person" | "policy"): Promise<void> {
    const { id } = entry.request;
    const written = ledger.write({ k: "answer", id, answer, at: clock.now(), by });
    recording.set(id, written);
    try {
      await written;
    } finally {
      recording.delete(id);
    }
    log.info("permission.answered", { id, tool: entry.request.tool, behavior: answer.behavior, by });
    deps.answered(id, answer);
    deps.changed();
  }

  async function decideByPolicy(entry: RequestEntry): Promise<boolean> {
    const answer = answerByPolicy(entry.request, deps.mode());
    if (!answer) return false;
    await record(entry, answer, "policy");
    await apply(entry);
    return true;
  }

  /** Beside the request itself, which is never held up by it; a restarted session process reads them again. */
  async function findPlaces(request: AgentRequest): Promise<void> {
    const found = await editPlacesOf(request, deps.readText);
    if (!found || !live.has(request.id)) return;
    places.set(request.id, found);
    deps.changed();
  }

  async function begin(request: AgentRequest): Promise<void> {
    const reopen = closed.has(request.id);
    const asked: RequestEntry = { request, createdAt: clock.now(), mode: deps.mode() };
    opening.add(request.id);
    try {
      await ledger.write({ k: "request", entry: asked, reopen: reopen || undefined });
    } finally {
      opening.delete(request.id);
    }
    const entry = open.get(request.id);
    if (!entry) return;
    if (!(await decideByPolicy(entry))) log.info("permission.asked", { id: request.id, tool: request.tool, kind: request.kind });
    deps.changed();
  }

  return {
    announced(request) {
      const before = open.get(request.id);
      if (before && wholeDigest(before.request) !== wholeDigest(request))
        finish(before, { outcome: "canceled", by: "agent", reason: SOMETHING_ELSE });
      live.add(request.id);
      const known = open.get(request.id);
      if (known?.answer) ignore(apply(known), "said in the log; it is asked anew");
      if (!places.has(request.id))
        findPlaces(request).catch((cause: unknown) => log.warn("permission.places_unknown", { id: request.id, cause }));
      if (!known) begin(request).catch((cause: unknown) => log.warn("permission.not_opened", { id: request.id, cause }));
    },
    closed(event) {
      live.delete(event.id);
      const entry = open.get(event.id) ?? closed.get(event.id)?.doubtful;
      if (entry) finish(entry, event);
    },
    async answer(params) {
      const entry = open.get(params.id);
      if (!entry) {
        const done = closed.get(params.id);
        return done ? closedAnswer(done.completed) : { status: "not-found" };
      }
      if (entry.answer) return sentAlready(entry, entry.answer);
      checkSeen(entry.request, params);
      await record(entry, answerOf(params, entry.request, deps.flavor), "person");
      const applied = await within(clock, APPLY_WAIT_MS, apply(entry));
      return applied === LATE ? { status: "pending" } : applied;
    },
    agentGone(requests) {
      if (requests === undefined) {
        live.clear();
        applying.clear();
      }
      const gone = requests === undefined ? [...open.values()] : requests.flatMap((id) => open.get(id) ?? []);
      for (const entry of gone) finish(entry, { outcome: "canceled", by: "agent", reason: entry.answer ? ENDED_UNTOLD : ENDED });
    },
    agentAdopted() {
      const silent = [...open.keys()].filter((id) => !live.has(id));
      if (silent.length === 0) return;
      clock.setTimer(REANNOUNCE_MS, () => {
        for (const id of silent) {
          const entry = open.get(id);
          // Whether an answer of ours was taken is in no record that is left.
          if (entry && !live.has(id)) finish(entry, { outcome: "resolved", by: "agent", reason: entry.answer ? NOT_TOLD : undefined });
        }
      });
    },
    whole: (id) => wholeOf(open.get(id)),
    onWire() {
      const onDisk = [...open.values()].filter(({ request }) => !opening.has(request.id));
      const known = onDisk.map((entry) => (recording.has(entry.request.id) ? { ...entry, answer: undefined } : entry));
      return requestsOnWire(known, [...closed.values()], places);
    },
    waitedMs: (toolCallId) => waitedFor(closed.values(), toolCallId),
    get openCount() {
      return open.size;
    },
  };
}
