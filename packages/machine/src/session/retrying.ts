/**
 * Sending a failed turn again: because a person asks, or by itself where a person allowed it (`retry-plan.ts` says when). One at a time, and
 * durable: `facts.retry` is written before anything is done for it, so a session process that is killed in between goes on where it was, and who
 * asks twice joins the first. While a turn waits to be sent again or runs again, the queue behind it waits too.
 */
import type { DriverLog } from "@hapi/agents";
import { AppError, type NoticeWords, toAppError } from "@hapi/protocol";
import type { Clock } from "@hapi/platform";
import type { AgentSupervisor } from "./agent-supervisor.ts";
import type { HandoffLoop } from "./handoff-loop.ts";
import type { Control } from "./handoff-steps.ts";
import type { Ledger } from "./ledger.ts";
import type { Facts, RetryFact } from "./ledger-state.ts";
import { type Moment, newestEnd, planAfterSending, planAfterTurn, type RetryPlan, type TurnEnd } from "./retry-plan.ts";

/** Under way to the agent. Changed by `createRetrying` alone. */
export interface RetrySending {
  current: Promise<void> | null;
}

/** Nothing else may be handed to the agent. */
export const holdsQueue = (sending: RetrySending, { retry }: Pick<Facts, "retry">): boolean => sending.current !== null || retry !== null;

export interface Retrying {
  /** What a turn's end means for it; goes into the ledger together with that end. */
  turnEnded(end: TurnEnd): Pick<Facts, "retry">;
  /** The facts changed: sets the timer by them. */
  look(): void;
  /** A person asks. `joined`: it is on its way already. */
  now(): Promise<"started" | "joined">;
  /** Gives up what waits, and takes back what the agent has not begun. `none`: there is nothing, or it runs. */
  cancel(): Promise<"cancelled" | "none">;
  /** It is allowed now: also for the turn that failed just before. */
  allowed(): Promise<void>;
  /** The agent's process is gone. */
  agentGone(expected: boolean): void;
  /** The session was taken up: what a former process had begun goes on. */
  takenUp(): void;
  close(): void;
}

export interface RetryingDeps {
  ledger: Ledger;
  sending: RetrySending;
  control: Pick<Control, "front">;
  supervisor: Pick<AgentSupervisor, "busy" | "front" | "conversation">;
  loop: Pick<HandoffLoop, "want" | "wake">;
  isAllowed(): boolean;
  /** Not while another prompt is on its way. */
  isHanding(): boolean;
  /** The queue may go on, and what is shown changed. */
  changed(): void;
  notice(words: NoticeWords): void;
  clock: Clock;
  random(): number;
  log: DriverLog;
}

export function createRetrying(deps: RetryingDeps): Retrying {
  const { ledger, sending, control, supervisor, loop, clock, log } = deps;
  const { facts } = ledger.state;
  let cancelTimer: (() => void) | undefined;
  let closed = false;

  function keep(retry: RetryFact | null): Promise<void> {
    const written = ledger.setFacts({ retry });
    look();
    deps.changed();
    return written;
  }

  const loosely = (work: Promise<unknown>, what: string): void => {
    work.catch((cause: unknown) => log.warn("retry.failed", { what, code: toAppError(cause).code, cause }));
  };

  const moment = (): Moment => ({ now: clock.now(), random: deps.random() });
  const newest = (): ReturnType<typeof newestEnd> => newestEnd(ledger.state.prompts.values(), facts);

  function say({ retry, notice }: RetryPlan): RetryFact | null {
    if (notice) deps.notice(notice);
    return retry;
  }

  function planned(end: TurnEnd, sent: RetryFact | null = null): RetryFact | null {
    if (!deps.isAllowed() || control.front !== "remote") return null;
    const retry = say(planAfterTurn(end, sent, moment()));
    if (retry) log.info("retry.planned", { attempt: retry.attempt, at: retry.at, code: retry.failureCode });
    return retry;
  }

  const plannedAgain = (retry: RetryFact, error: AppError): RetryFact | null => say(planAfterSending(retry, error, moment()));

  function look(): void {
    cancelTimer?.();
    cancelTimer = undefined;
    const { retry } = facts;
    if (closed || sending.current || retry?.phase !== "waiting") return;
    cancelTimer = clock.setTimer(Math.max(0, retry.at - clock.now()), () => loosely(fire(), "by itself"));
  }

  async function fire(): Promise<void> {
    const { retry } = facts;
    if (closed || sending.current || retry?.phase !== "waiting") return;
    // A computer that slept: its timers are not its clock.
    if (clock.now() < retry.at) return look();
    // Somebody took the session elsewhere meanwhile.
    if (control.front !== "remote" || supervisor.busy || deps.isHanding()) return keep(null);
    try {
      await send(retry);
    } catch (cause) {
      const error = toAppError(cause);
      log.warn("retry.not_sent", { code: error.code, attempt: retry.attempt });
      await keep(plannedAgain(retry, error));
    }
  }

  /** `first` is done before it is written down. Whoever asks from here on joins this one. */
  function send(retry: Omit<RetryFact, "phase">, first?: () => Promise<unknown>): Promise<void> {
    sending.current ??= sendNow(retry, first).finally(() => {
      sending.current = null;
      look();
      deps.changed();
    });
    return sending.current;
  }

  async function sendNow(retry: Omit<RetryFact, "phase">, first?: () => Promise<unknown>): Promise<void> {
    await first?.();
    await keep({ ...retry, phase: "sent" });
    await loop.wake();
    await supervisor.conversation.retry();
    log.info("retry.sent", { attempt: retry.attempt, localId: retry.localId });
  }

  /** What is written down is not sent any more where this fails. */
  async function orForget(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (cause) {
      await keep(null);
      throw cause;
    }
  }

  /** @throws AppError `retry_unavailable` */
  function askedFor(): Omit<RetryFact, "phase"> {
    if (supervisor.front !== null && supervisor.busy)
      throw new AppError("retry_unavailable", "A turn is running. Wait for its end, or stop it first");
    if (deps.isHanding())
      throw new AppError("retry_unavailable", "A prompt is on its way to the agent. Ask again when it has run, or take it back first");
    const last = newest();
    if (last.cameThrough) throw new AppError("retry_unavailable");
    return { localId: last.localId, attempt: 0, at: clock.now(), failureCode: facts.retry?.failureCode ?? "" };
  }

  return {
    turnEnded(end) {
      const { retry } = facts;
      return { retry: planned(end, retry?.phase === "sent" ? retry : null) };
    },
    look,
    async now() {
      // The agent is gone, which shows at the hub already: who asks in this moment must not hear that its turn still runs.
      await supervisor.conversation.settled();
      if (sending.current) {
        await sending.current;
        return "joined";
      }
      if (facts.retry?.phase === "sent" && supervisor.busy) return "joined";
      const sent = send(askedFor(), async () => {
        if (control.front === "local") await loop.want("remote", { by: "person", now: true });
      });
      await orForget(sent);
      return "started";
    },
    async cancel() {
      // On its way to the agent: there it is taken back. Whether it could be sent is told to whoever asked for it.
      if (sending.current) await Promise.allSettled([sending.current]);
      const { retry } = facts;
      if (!retry || supervisor.busy) return "none";
      // Sent and never begun, nothing would end it: the queue behind it would wait for ever.
      const fate = retry.phase === "sent" && supervisor.front !== null ? await supervisor.conversation.withdrawRetry() : "none";
      if (fate === "consumed" || (fate === "none" && !facts.retry)) return "none";
      log.info("retry.cancelled", { attempt: retry.attempt, fate });
      if (facts.retry) await keep(null);
      return "cancelled";
    },
    async allowed() {
      const { lastTurn, retry } = facts;
      if (retry || sending.current || supervisor.busy || deps.isHanding() || !lastTurn?.failure || newest().cameThrough) return;
      const { outcome, failure, localId } = lastTurn;
      await keep(planned({ outcome, failure, localIds: localId == null ? [] : [localId] }));
    },
    agentGone(expected) {
      const { retry } = facts;
      if (retry?.phase !== "sent" || sending.current) return;
      // Gone before its turn began: nothing ends it any more.
      const waits = !expected && retry.attempt > 0 && deps.isAllowed();
      loosely(keep(waits ? plannedAgain(retry, new AppError("agent_exited")) : null), "the agent ended");
    },
    takenUp() {
      const { retry } = facts;
      if (retry?.phase === "sent" && !supervisor.busy) {
        log.info("retry.taken_up", { attempt: retry.attempt });
        loosely(orForget(send(retry)), "after a restart");
      }
      look();
    },
    close() {
      closed = true;
      cancelTimer?.();
    },
  };
}
