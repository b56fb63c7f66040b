/**
 * The way of a prompt to the agent, and back: one at a time, marked before the agent gets a byte of it, and after a crash the agent's record is
 * asked before anything else. Every stage is written down here.
 */
import type { DriverLog } from "@hapi/agents";
import type { AgentPromptState } from "@hapi/core";
import { type AgentFailure, type Attachment, toAppError } from "@hapi/protocol";
import type { Clock } from "@hapi/platform";
import type { Ledger } from "./ledger.ts";
import { isFinal, type PromptEntry } from "./ledger-state.ts";
import { afterHanding, afterLookup, givenBack, type Move, moveAgain, moveByAgent, settleStep } from "./prompt-moves.ts";
import { promptsIn } from "./prompt-queue.ts";
import type { StageReports } from "./stage-reports.ts";
import { createWithdrawals, type PromptAgent, type Withdrawal } from "./withdrawals.ts";

/** A living agent may still write down what it was given before the crash; its record is asked once more after this time. */
const SETTLE_MS = 5_000;

export interface Handing {
  /** `isHeld` is asked in the very step in which the prompt is marked: until then something else may have to go first, and the prompt stays queued. */
  hand(prompt: PromptEntry, options?: { isHeld(): boolean }): Promise<void>;
  /** Out of its turn, into the one that runs. False: it does not wait any more. */
  steer(localId: string): Promise<boolean>;
  /** On disk when it resolves, and told to the hub then. */
  move(localId: string, move: Move): Promise<void>;
  /** The same for what nobody waits for. */
  moveLoosely(localId: string, move: Move): void;
  staged(localId: string, stage: AgentPromptState, failure?: AgentFailure): void;
  /** A person sends it anew: what failed before counts no more. */
  forgetTries(localId: string): void;
  /** Asks the agent to give it back; `removed` is written down. */
  takeBack(localId: string): Promise<Withdrawal | "late">;
  lookUp(localId: string): Promise<"present" | "absent" | "unknown">;
  /** Asks the agent's record about everything whose fate a crash left open. */
  reconcile(agentLives: boolean): Promise<void>;
}

export interface HandingDeps {
  ledger: Ledger;
  agent: PromptAgent;
  /** The real path of a file that may be given to the agent; throws where the session has no business. */
  attachable(path: string): Promise<string>;
  reports: StageReports;
  clock: Clock;
  log: DriverLog;
  /** Something may be there to hand. */
  changed(): void;
  /** A prompt is somewhere else: what the hub is shown of them may be another. */
  moved(): void;
}

export function createHanding(deps: HandingDeps): Handing {
  const { ledger, agent, clock, log } = deps;
  const { prompts } = ledger.state;
  const handings = new Map<string, number>();
  const steered = new Set<string>();

  function setStage(localId: string, { stage, failure, row }: Move): Promise<void> {
    const at = clock.now();
    const written = ledger.write({ k: "stage", localId, stage, at, failure, row });
    const prompt = prompts.get(localId);
    if (prompt) deps.reports.changed(prompt, written, { steered: steered.has(localId) });
    deps.moved();
    log.debug("prompt.staged", { localId, stage, code: failure?.code });
    return written;
  }

  const loosely = (written: Promise<void>): void => {
    written.catch((cause: unknown) => log.warn("prompt.stage_not_kept", { cause }));
  };

  const withdrawals = createWithdrawals({ agent, clock, onLate: (localId) => gaveBack(localId, { late: true }), loosely });
  const lookUp = (localId: string): Promise<"present" | "absent" | "unknown"> => agent.lookup(localId).catch(() => "unknown" as const);

  async function steer(localId: string): Promise<boolean> {
    const prompt = prompts.get(localId);
    if (prompt?.stage !== "queued") return false;
    steered.add(localId);
    try {
      await hand(prompt);
    } finally {
      steered.delete(localId);
    }
    return prompts.get(localId)?.stage !== "queued";
  }

  async function hand(prompt: PromptEntry, options?: { isHeld(): boolean }): Promise<void> {
    const { localId, text } = prompt;
    const attachments = await attachable(prompt);
    // Meanwhile its sender may have taken it back.
    if (attachments === null || prompts.get(localId)?.stage !== "queued" || options?.isHeld()) return;
    await setStage(localId, { stage: "handing" });
    try {
      await agent.prompt({ localId, text, attachments });
      staged(localId, "handed");
    } catch (cause) {
      await afterFailedHanding(localId, toAppError(cause).message);
    }
  }

  /**
   * A client names attachments by path. Only files inside the session's folders go to the agent, by their real path; anything else gives the
   * prompt back to its sender before a byte of it was read.
   */
  async function attachable({ localId, attachments }: PromptEntry): Promise<Attachment[] | null> {
    try {
      return await Promise.all(attachments.map(async (attachment) => ({ ...attachment, path: await deps.attachable(attachment.path) })));
    } catch (cause) {
      const { code, message } = toAppError(cause);
      log.warn("prompt.attachment_refused", { localId, code });
      const words = `An attachment can't be sent: ${message}. Attach the file again, or move it into the session's folder.`;
      if (prompts.get(localId)?.stage === "queued")
        await setStage(localId, { stage: "failed", failure: { code: "invalid_request", message: words, retryable: false } });
      deps.changed();
      return null;
    }
  }

  async function afterFailedHanding(localId: string, message: string): Promise<void> {
    if (prompts.get(localId)?.stage !== "handing") return;
    const found = await lookUp(localId);
    log.warn("prompt.handing_failed", { localId, found, message });
    const move = afterHanding(found);
    if (move !== "again") return setStage(localId, move);
    await handAgain(localId, message);
    deps.changed();
  }

  function staged(localId: string, stage: AgentPromptState, failure?: AgentFailure): void {
    const prompt = prompts.get(localId);
    const move = prompt && moveByAgent(prompt.stage, stage, failure);
    if (!move) return;
    loosely(setStage(localId, move));
    if (isFinal(move.stage)) handings.delete(localId);
    if (isFinal(move.stage) || move.stage === "unknown") deps.changed();
  }

  async function gaveBack(localId: string, how: { late: boolean }): Promise<void> {
    const prompt = prompts.get(localId);
    const move = prompt && givenBack(prompt, how);
    if (!move) return;
    await setStage(localId, move);
    deps.changed();
  }

  async function reconcileOne(prompt: PromptEntry, agentLives: boolean, isLast: boolean): Promise<void> {
    const { localId } = prompt;
    if (prompt.stage === "in-transcript" || prompt.stage === "started") {
      // The agent has it. Its turn goes on where the agent lives; otherwise nothing will end it any more.
      return agentLives ? undefined : setStage(localId, { stage: "interrupted" });
    }
    if (agentLives && prompt.wish === "back" && (await withdrawals.inTime(localId)) === "removed") return gaveBack(localId, { late: true });
    const found = await lookUp(localId);
    log.info("prompt.looked_up", { localId, stage: prompt.stage, found, agentLives });
    const { stage } = prompts.get(localId) ?? prompt;
    const move = afterLookup(stage, { found, agentLives, isBusy: agent.busy, isLast });
    if (move === "again") return handAgain(localId, "The agent ended before it took the prompt");
    if (move) await setStage(localId, move);
  }

  function handAgain(localId: string, message: string): Promise<void> {
    const tries = (handings.get(localId) ?? 0) + 1;
    handings.set(localId, tries);
    return setStage(localId, moveAgain(prompts.get(localId) ?? { wish: "run" }, tries, message));
  }

  async function reconcile(agentLives: boolean): Promise<void> {
    const open = promptsIn(prompts, "handing", "handed", "in-transcript", "started");
    for (const prompt of open) await reconcileOne(prompt, agentLives, false);
    if (agentLives && open.length > 0) clock.setTimer(SETTLE_MS, () => loosely(settle(open)));
    deps.changed();
  }

  async function settle(open: readonly PromptEntry[]): Promise<void> {
    if (agent.busy) return;
    for (const prompt of open) {
      const step = settleStep((prompts.get(prompt.localId) ?? prompt).stage);
      if (step === "look") await reconcileOne(prompt, true, true);
      else if (step === "done") staged(prompt.localId, "done");
    }
    deps.changed();
  }

  return {
    hand,
    steer,
    move: setStage,
    moveLoosely: (localId, move) => loosely(setStage(localId, move)),
    staged,
    forgetTries: (localId) => void handings.delete(localId),
    async takeBack(localId) {
      const result = await withdrawals.inTime(localId);
      if (result === "removed") await gaveBack(localId, { late: false });
      return result;
    },
    lookUp,
    reconcile,
  };
}
