/**
 * Sending a failed turn again: because a person asks, or by itself where a person allowed it. One at a time, and durable: `facts.retry` is written
 * before anything is done for it, so a session process that is killed in between goes on where it was, and who asks twice joins the first. While a
 * turn waits to be sent again or runs again, the queue behind it waits too.
 */
import type { DriverLog } from "@hapi/agents";
import { type AgentEvent, AppError, noticeWords, type NoticeWords, type RetryState, toAppError } from "@hapi/protocol";
import type { Clock } from "@hapi/platform";
import type { AgentRunner } from "./agent-runner.ts";
import type { HandoffLoop } from "./handoff-loop.ts";
import type { Ledger } from "./ledger.ts";
import { type Facts, isFinal, type RetryFact } from "./ledger-state.ts";
import { MAX_RETRIES, planRetry } from "./retry-plan.ts";

type TurnEnd = Pick<Extract<AgentEvent, { type: "turn-ended" }>, "outcome" | "failure" | "localIds">;

export interface Retrying {
  /** Nothing else may be handed to the agent. */
  readonly holdsQueue: boolean;
  /** As the hub shows it. */
  readonly onWire: RetryState | undefined;
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
  runner: Pick<AgentRunner, "busy" | "front" | "conversation">;
  loop: Pick<HandoffLoop, "front" | "want" | "wake">;
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
  const { ledger, runner, loop, clock, log } = deps;
  const { facts } = ledger.state;
  let sending: Promise<void> | null = null;
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

  function planned(end: TurnEnd, done: number): RetryFact | null {
    const { failure } = end;
    if (end.outcome !== "failed" || !failure || !deps.isAllowed() || loop.front !== "remote") return null;
    const attempt = done + 1;
    const at = planRetry(attempt, failure, { now: clock.now(), random: deps.random() });
    if (at === null) {
      if (attempt > MAX_RETRIES) deps.notice(noticeWords("retries_used_up", { times: MAX_RETRIES }));
      return null;
    }
    log.info("retry.planned", { attempt, at, code: failure.code });
    return { phase: "waiting", localId: end.localIds?.at(-1) ?? null, attempt, at, failureCode: failure.code };
  }

  function look(): void {
    cancelTimer?.();
    cancelTimer = undefined;
    const { retry } = facts;
    if (closed || sending || retry?.phase !== "waiting") return;
    cancelTimer = clock.setTimer(Math.max(0, retry.at - clock.now()), () => loosely(fire(), "by itself"));
  }

  async function fire(): Promise<void> {
    const { retry } = facts;
    if (closed || sending || retry?.phase !== "waiting") return;
    // A computer that slept: its timers are not its clock.
    if (clock.now() < retry.at) return look();
    // Somebody took the session elsewhere meanwhile.
    if (loop.front !== "remote" || runner.busy || deps.isHanding()) return keep(null);
    try {
      await send(retry);
    } catch (cause) {
      const error = toAppError(cause);
      log.warn("retry.not_sent", { code: error.code, attempt: retry.attempt });
      await keep(afterFailedSending(retry, error));
    }
  }

  function afterFailedSending(retry: RetryFact, error: AppError): RetryFact | null {
    if (error.code === "retry_unavailable") return null;
    const failure = { code: "server_error" as const, message: error.message, retryable: error.retryable };
    const at = planRetry(retry.attempt + 1, failure, { now: clock.now(), random: deps.random() });
    if (at !== null) return { ...retry, phase: "waiting", attempt: retry.attempt + 1, at };
    deps.notice(noticeWords("retry_failed", { reason: { code: error.code, message: error.message } }));
    return null;
  }

  /** `first` is done before it is written down. Whoever asks from here on joins this one. */
  function send(retry: Omit<RetryFact, "phase">, first?: () => Promise<unknown>): Promise<void> {
    sending ??= sendNow(retry, first).finally(() => {
      sending = null;
      look();
      deps.changed();
    });
    return sending;
  }

  async function sendNow(retry: Omit<RetryFact, "phase">, first?: () => Promise<unknown>): Promise<void> {
    await first?.();
    await keep({ ...retry, phase: "sent" });
    await loop.wake();
    await runner.conversation.retry();
    log.info("retry.sent", { attempt: retry.attempt, localId: retry.localId });
  }

  /** The newest of what ended: a prompt of ours that never became a turn counts, and so does a turn that was begun in the terminal. */
  function newest(): { localId: string | null; cameThrough: boolean } {
    const ended = [...ledger.state.prompts.values()].filter((prompt) => isFinal(prompt.stage) && prompt.stage !== "canceled");
    const last = ended.sort((a, b) => a.stageAt - b.stageAt).at(-1);
    const { lastTurn } = facts;
    if (lastTurn && lastTurn.at >= (last?.stageAt ?? 0)) {
      return { localId: lastTurn.localId ?? null, cameThrough: lastTurn.outcome === "completed" };
    }
    return { localId: last?.localId ?? null, cameThrough: last?.stage === "done" };
  }

  return {
    get holdsQueue() {
      return sending !== null || facts.retry !== null;
    },
    get onWire() {
      const { retry } = facts;
      if (retry?.phase !== "waiting") return undefined;
      const { localId, attempt, at, failureCode } = retry;
      return { localId, attempt, maxAttempts: MAX_RETRIES, at, failureCode };
    },
    turnEnded(end) {
      const { retry } = facts;
      return { retry: planned(end, retry?.phase === "sent" ? retry.attempt : 0) };
    },
    look,
    async now() {
      // The agent is gone, which shows at the hub already: who asks in this moment must not hear that its turn still runs.
      await runner.conversation.settled();
      if (sending) {
        await sending;
        return "joined";
      }
      if (facts.retry?.phase === "sent" && runner.busy) return "joined";
      if (runner.front !== null && runner.busy)
        throw new AppError("retry_unavailable", "A turn is running. Wait for its end, or stop it first");
      if (deps.isHanding())
        throw new AppError("retry_unavailable", "A prompt is on its way to the agent. Ask again when it has run, or take it back first");
      const last = newest();
      if (last.cameThrough) throw new AppError("retry_unavailable");
      const asked = { localId: last.localId, attempt: 0, at: clock.now(), failureCode: facts.retry?.failureCode ?? "" };
      try {
        await send(asked, async () => {
          if (loop.front === "local") await loop.want("remote", { by: "person", now: true });
        });
      } catch (cause) {
        await keep(null);
        throw cause;
      }
      return "started";
    },
    async cancel() {
      // On its way to the agent: there it is taken back. Whether it could be sent is told to whoever asked for it.
      if (sending) await Promise.allSettled([sending]);
      const { retry } = facts;
      if (!retry || runner.busy) return "none";
      // Sent and never begun, nothing would end it: the queue behind it would wait for ever.
      const fate = retry.phase === "sent" && runner.front !== null ? await runner.conversation.withdrawRetry() : "none";
      if (fate === "consumed" || (fate === "none" && !facts.retry)) return "none";
      log.info("retry.cancelled", { attempt: retry.attempt, fate });
      if (facts.retry) await keep(null);
      return "cancelled";
    },
    async allowed() {
      const { lastTurn, retry } = facts;
      if (retry || sending || runner.busy || deps.isHanding() || !lastTurn?.failure || newest().cameThrough) return;
      const { outcome, failure, localId } = lastTurn;
      await keep(planned({ outcome, failure, localIds: localId == null ? [] : [localId] }, 0));
    },
    agentGone(expected) {
      const { retry } = facts;
      if (retry?.phase !== "sent" || sending) return;
      // Gone before its turn began: nothing ends it any more.
      const waits = !expected && retry.attempt > 0 && deps.isAllowed();
      loosely(keep(waits ? afterFailedSending(retry, new AppError("agent_exited")) : null), "the agent ended");
    },
    takenUp() {
      const { retry } = facts;
      if (retry?.phase === "sent" && !runner.busy) {
        log.info("retry.taken_up", { attempt: retry.attempt });
        loosely(
          send(retry).catch(async (cause: unknown) => {
            await keep(null);
            throw cause;
          }),
          "after a restart",
        );
      }
      look();
    },
    close() {
      closed = true;
      cancelTimer?.();
    },
  };
}
