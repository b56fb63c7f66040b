/**
 * The session's prompts: each is on disk before it counts as ours, is handed once, in the hub's order, one at a time, and is never repeated unless
 * the agent's own record shows that it is not there. `prompt-moves.ts` says what may become of one; `handing.ts` brings it to the agent.
 */
import { promptOfRow, type SessionPromptState } from "@hapi/core";
import type { AgentFailure, CancelAck } from "@hapi/protocol";
import { createHanding, type Handing, type HandingDeps } from "./handing.ts";
import type { PromptEntry } from "./ledger-state.ts";
import { againStep, cancelStep, type IncomingMessage, neverCame, receiptOf } from "./prompt-moves.ts";
import { promptsIn, waitingIn } from "./prompt-queue.ts";

/** Of a longer queue the rest stays in the session when that ends. */
const MAX_GIVEN_BACK = 50;

export interface Inbox extends Pick<Handing, "hand" | "steer" | "staged" | "reconcile"> {
  /** A row of the session. Answers whether it is a prompt that was new. */
  receive(message: IncomingMessage, from: "live" | "backfill"): Promise<boolean>;
  /** Everything up to here was looked at. */
  passed(seq: number): Promise<void>;
  /** The next prompt to hand, unless one is under way. */
  readonly next: PromptEntry | null;
  /** Handed, and its turn has not ended. */
  readonly current: PromptEntry | null;
  /** Handed, and not begun, in order. */
  readonly given: readonly PromptEntry[];
  readonly queued: number;
  /** Their ids, in order. */
  readonly waiting: readonly string[];
  /** The agent can't be started: the next prompt is given back to its sender. */
  failNext(failure: AgentFailure): void;
  /** The turn ended without a word on these prompts; absent: on the current one. */
  turnEnded(outcome: "done" | "failed" | "interrupted", failure?: AgentFailure, localIds?: readonly string[]): void;
  cancel(localId: string, messageId: string): Promise<CancelAck>;
  /** A person asked to send a prompt again whose fate was unknown or which failed. */
  again(localId: string, message: IncomingMessage): Promise<{ accepted: boolean; consumed?: boolean }>;
  /** A person stopped the agent before it was there: the prompt it is started for does not run. */
  interruptNext(): Promise<void>;
  /** A person stopped everything: what the agent was given and has not begun is not handed again. */
  unwantCurrent(): Promise<void>;
  /**
   * The session ends: nothing is taken in any more, and what the agent never got is forgotten where the hub still has it (`hubHas`: one restored
   * from an older copy may not). Answers what the hub has alone from now on.
   */
  giveBack(hubHas: (prompt: { localId: string; seq: number }) => Promise<boolean>): Promise<string[]>;
  /** Prompts that are queued here alone: the hub believes them to be with the agent. */
  readonly held: number;
}

export function createInbox(deps: HandingDeps): Inbox {
  const { ledger, clock, log } = deps;
  const handing = createHanding(deps);
  const { prompts, facts } = ledger.state;
  let closed = false;

  const inStage = (...stages: SessionPromptState[]): PromptEntry[] => promptsIn(prompts, ...stages);

  async function receive(message: IncomingMessage, from: "live" | "backfill"): Promise<boolean> {
    // The hub keeps it, and sends it again when the session runs.
    if (closed) return false;
    const receipt = receiptOf(message, from, { prompts, facts, now: clock.now() });
    if (!receipt) return false;
    const { prompt, lastSeq, refused } = receipt;
    await ledger.write({ k: "prompt", prompt }, { k: "facts", patch: { lastSeq } });
    log.info("prompt.received", { localId: prompt.localId, from });
    if (refused) await handing.move(prompt.localId, refused);
    deps.changed();
    return true;
  }

  async function cancel(localId: string, messageId: string): Promise<CancelAck> {
    const id = prompts.has(localId) ? localId : prompts.has(messageId) ? messageId : localId;
    const prompt = prompts.get(id);
    if (!prompt) {
      const at = clock.now();
      const gone = neverCame(id, messageId, at);
      await ledger.write({ k: "prompt", prompt: gone }, { k: "stage", localId: id, stage: "canceled", at, row: "gone" });
      return { removed: true };
    }
    const step = cancelStep(prompt);
    if (step === "ask") return askBack(prompt);
    if (step.move) await handing.move(id, step.move);
    return step.answer;
  }

  async function askBack({ localId, wish }: PromptEntry): Promise<CancelAck> {
    // Its sender hears that it could not be taken back yet, and maybe nothing more: a crash must not hand it a second time.
    const [result] = await Promise.all([handing.takeBack(localId), wish === "back" ? undefined : ledger.write({ k: "unwanted", localId })]);
    if (result === "removed") return { removed: true };
    return result === "consumed" ? { removed: false, consumed: true } : { removed: false, inFlight: true };
  }

  async function again(localId: string, message: IncomingMessage): Promise<{ accepted: boolean; consumed?: boolean }> {
    const prompt = prompts.get(localId);
    if (!prompt) return { accepted: await receive({ ...message, localId, invokedAt: null }, "live") };
    const step = againStep(prompt);
    if (step !== "ask") return step;
    if ((await handing.lookUp(localId)) === "present") {
      handing.staged(localId, "in-transcript");
      return { accepted: false, consumed: true };
    }
    const words = promptOfRow(message.content);
    if (!words) return { accepted: false };
    const fresh: PromptEntry = { ...prompt, ...words, stage: "queued", stageAt: clock.now(), failure: undefined, wish: "run" };
    await ledger.write({ k: "requeued", prompt: fresh });
    handing.forgetTries(localId);
    deps.changed();
    return { accepted: true };
  }

  return {
    receive,
    async passed(seq) {
      // What is refused now is looked at by the next start.
      if (!closed && seq > (facts.lastSeq ?? -1)) await ledger.setFacts({ lastSeq: seq });
    },
    get next() {
      return this.current ? null : (inStage("queued")[0] ?? null);
    },
    get current() {
      return inStage("handing", "handed", "in-transcript", "started")[0] ?? null;
    },
    get given() {
      return inStage("handed", "in-transcript");
    },
    get waiting() {
      return waitingIn(prompts);
    },
    get queued() {
      return inStage("queued").length;
    },
    hand: handing.hand,
    steer: handing.steer,
    staged: handing.staged,
    reconcile: handing.reconcile,
    failNext(failure) {
      const next = inStage("queued")[0];
      if (next) handing.moveLoosely(next.localId, { stage: "failed", failure });
    },
    turnEnded(outcome, failure, localIds) {
      const ended = localIds ?? inStage("handed", "in-transcript", "started").map((prompt) => prompt.localId);
      for (const localId of ended) handing.staged(localId, outcome, failure);
    },
    cancel,
    again,
    async interruptNext() {
      const { next } = this;
      if (next) await handing.move(next.localId, { stage: "interrupted" });
      deps.changed();
    },
    async unwantCurrent() {
      const given = inStage("handing", "handed").filter((prompt) => prompt.wish === "run");
      if (given.length > 0) await ledger.write(...given.map(({ localId }) => ({ k: "unwanted" as const, localId })));
    },
    get held() {
      return inStage("queued").filter((prompt) => prompt.row === "taken" && prompt.wish === "run").length;
    },
    async giveBack(hubHas) {
      closed = true;
      // One that the hub believes to be handed is not in its queue any more: only here it still waits.
      const waiting = inStage("queued").filter((prompt) => prompt.row === "queued");
      const isThere = await Promise.all(
        waiting.slice(0, MAX_GIVEN_BACK).map(({ localId, seq }) => seq !== null && hubHas({ localId, seq })),
      );
      const known = waiting.filter((_, at) => isThere[at] === true);
      // Meanwhile its sender may have taken it back.
      const localIds = known.map(({ localId }) => localId).filter((localId) => prompts.get(localId)?.stage === "queued");
      if (localIds.length === 0) return [];
      // The next start reads from them on: read from behind them, what came later would be there, and run, before them.
      const first = Math.min(...known.map(({ seq }) => seq ?? Number.POSITIVE_INFINITY));
      const lastSeq = facts.lastSeq === null ? null : Math.min(facts.lastSeq, first - 1);
      await ledger.write({ k: "returned", localIds }, { k: "facts", patch: { lastSeq } });
      return localIds;
    },
  };
}
