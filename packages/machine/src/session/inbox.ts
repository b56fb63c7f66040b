/**
 * Prompts on their way to the agent: each is on disk before it counts as ours, is handed once, in the hub's order, one at a time, and is never
 * repeated unless the agent's own record shows that it is not there. `handing` is written before the agent gets a byte, so after a crash the
 * record is asked first.
 */
import { canAdvance, isPromptTooLong, PROMPT_TOO_LONG } from "@hapi/core";
import type { DriverLog } from "@hapi/agents";
import { type AgentFailure, type Attachment, type CancelAck, type Message, type PromptStage, toAppError } from "@hapi/protocol";
import type { Clock } from "@hapi/platform";
import type { Ledger } from "./ledger.ts";
import { isFinal, type LedgerStage, type PromptEntry } from "./ledger-state.ts";
import { promptFromContent } from "./prompt-content.ts";
import { promptsIn, waitingIn } from "./prompt-queue.ts";
import type { StageReports } from "./stage-reports.ts";
import { createWithdrawals, type PromptAgent } from "./withdrawals.ts";

/** A prompt that provably never reached the agent is handed again this often before it is shown as failed. */
const MAX_HANDINGS = 3;
export const MAX_QUEUED = 1_000;
/** Of a longer queue the rest stays in the session when that ends. */
const MAX_GIVEN_BACK = 50;
/** A living agent may still write down what it was given before the crash; its record is asked once more after this time. */
const SETTLE_MS = 5_000;

export type IncomingMessage = Pick<Message, "id" | "seq" | "createdAt" | "content"> & {
  localId?: string | null;
  invokedAt?: number | null;
};

export interface Inbox {
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
  /** `isHeld` is asked in the very step in which the prompt is marked: until then something else may have to go first, and the prompt stays queued. */
  hand(prompt: PromptEntry, options?: { isHeld(): boolean }): Promise<void>;
  /** Out of its turn, into the one that runs. False: it does not wait any more. */
  steer(localId: string): Promise<boolean>;
  staged(localId: string, stage: PromptStage, failure?: AgentFailure): void;
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
  /** Asks the agent's record about everything whose fate a crash left open. */
  reconcile(agentLives: boolean): Promise<void>;
}

export interface InboxDeps {
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

export function createInbox(deps: InboxDeps): Inbox {
  const { ledger, agent, clock, log } = deps;
  const { prompts, facts } = ledger.state;
  const handings = new Map<string, number>();
  const steered = new Set<string>();
  let closed = false;

  function setStage(localId: string, stage: LedgerStage, failure?: AgentFailure, hubKeeps?: boolean): Promise<void> {
    const at = clock.now();
    const written = ledger.write({ k: "stage", localId, stage, at, failure, hubKeeps });
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

  const inStage = (...stages: LedgerStage[]): PromptEntry[] => promptsIn(prompts, ...stages);

  async function receive(message: IncomingMessage, from: "live" | "backfill"): Promise<boolean> {
    // The hub keeps it, and sends it again when the session runs.
    if (closed) return false;
    const found = promptFromContent(message.content);
    const seen = message.seq !== null && facts.lastSeq !== null && message.seq <= facts.lastSeq;
    const seq = message.seq !== null && !seen ? message.seq : facts.lastSeq;
    const localId = message.localId ?? message.id;
    // A row with a client's id says itself whether it was handed; one without is stamped at once, so only its place in the log tells.
    const over = from === "backfill" && (message.localId ? message.invokedAt != null : facts.lastSeq === null || seen);
    if (!found || over || prompts.has(localId) || (!message.localId && seen)) return false;
    if (inStage("queued").length >= MAX_QUEUED) return false;
    const prompt: PromptEntry = {
      localId,
      messageId: message.id,
      seq: message.seq,
      at: message.createdAt,
      text: found.text,
      attachments: found.attachments,
      stage: "queued",
      stageAt: clock.now(),
    };
    // From a hub that knows no limit: given back at once, and its words are not kept in every copy of the ledger.
    const isTooLong = isPromptTooLong(found.text);
    if (isTooLong) prompt.text = "";
    await ledger.write({ k: "prompt", prompt }, { k: "facts", patch: { lastSeq: seq } });
    log.info("prompt.received", { localId, from });
    if (isTooLong) await setStage(localId, "failed", { code: "invalid_request", message: PROMPT_TOO_LONG, retryable: false });
    deps.changed();
    return true;
  }

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
    await setStage(localId, "handing");
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
        await setStage(localId, "failed", { code: "invalid_request", message: words, retryable: false });
      deps.changed();
      return null;
    }
  }

  /** The agent did not say that it has the prompt; its record does, or nobody does. */
  async function afterFailedHanding(localId: string, message: string): Promise<void> {
    const prompt = prompts.get(localId);
    if (!prompt || prompt.stage !== "handing") return;
    const found = await agent.lookup(localId).catch(() => "unknown" as const);
    log.warn("prompt.handing_failed", { localId, found, message });
    if (found === "present") return setStage(localId, "in-transcript");
    if (found === "unknown") return setStage(localId, "unknown");
    await handAgain(localId, message);
    deps.changed();
  }

  function staged(localId: string, stage: PromptStage, failure?: AgentFailure): void {
    const prompt = prompts.get(localId);
    if (!prompt || stage === "accepted") return;
    const { stage: present } = prompt;
    if (present === "canceled" || present === "queued") return;
    if (present !== "handing" && !canAdvance(present, stage)) return;
    loosely(setStage(localId, stage, failure));
    if (isFinal(stage)) handings.delete(localId);
    if (isFinal(stage) || stage === "unknown") deps.changed();
  }

  function turnEnded(outcome: "done" | "failed" | "interrupted", failure?: AgentFailure, localIds?: readonly string[]): void {
    const ended = localIds ? localIds : inStage("handed", "in-transcript", "started").map((prompt) => prompt.localId);
    for (const localId of ended) staged(localId, outcome, failure);
  }

  async function cancel(localId: string, messageId: string): Promise<CancelAck> {
    const id = prompts.has(localId) ? localId : prompts.has(messageId) ? messageId : localId;
    const prompt = prompts.get(id);
    if (!prompt) {
      // Not here yet: it must not run when it comes.
      const at = clock.now();
      const gone: PromptEntry = { localId: id, messageId, seq: null, at, text: "", attachments: [], stage: "queued", stageAt: at };
      await ledger.write({ k: "prompt", prompt: gone }, { k: "stage", localId: id, stage: "canceled", at });
      return { removed: true };
    }
    if (prompt.stage === "queued") {
      // The agent died before it began, after the hub had heard that it has it: that row hears the end.
      await setStage(id, "canceled", undefined, prompt.told);
      return { removed: true };
    }
    if (prompt.stage === "canceled") return { removed: true };
    if (prompt.stage === "unknown") return { removed: false, indeterminate: true };
    if (prompt.stage !== "handing" && prompt.stage !== "handed") return { removed: false, consumed: true };
    // Its sender hears that it could not be taken back yet, and maybe nothing more: a crash must not hand it a second time.
    const [result] = await Promise.all([
      withdrawals.inTime(id),
      prompt.unwanted ? undefined : ledger.write({ k: "unwanted", localId: id }),
    ]);
    if (result === "removed") {
      await gaveBack(id, { late: false });
      return { removed: true };
    }
    return result === "consumed" ? { removed: false, consumed: true } : { removed: false, inFlight: true };
  }

  /** The agent has it no more, and nothing hands it again. After the time in which the hub hears an answer, that hub keeps its row. */
  async function gaveBack(localId: string, { late }: { late: boolean }): Promise<void> {
    const stage = prompts.get(localId)?.stage;
    if (stage !== "handing" && stage !== "handed" && stage !== "queued" && stage !== "in-transcript") return;
    await setStage(localId, "canceled", undefined, late || stage === "handed");
    deps.changed();
  }

  async function again(localId: string, message: IncomingMessage): Promise<{ accepted: boolean; consumed?: boolean }> {
    const prompt = prompts.get(localId);
    if (!prompt) return { accepted: await receive({ ...message, localId, invokedAt: null }, "live") };
    if (prompt.stage === "queued" || prompt.stage === "handing") return { accepted: true };
    if (prompt.stage !== "unknown" && prompt.stage !== "failed" && prompt.stage !== "interrupted")
      return { accepted: false, consumed: true };
    const found = await agent.lookup(localId).catch(() => "unknown" as const);
    if (found === "present") {
      staged(localId, "in-transcript");
      return { accepted: false, consumed: true };
    }
    const words = promptFromContent(message.content);
    if (!words) return { accepted: false };
    const fresh: PromptEntry = { ...prompt, ...words, stage: "queued", stageAt: clock.now(), failure: undefined, unwanted: undefined };
    await ledger.write({ k: "requeued", prompt: fresh });
    handings.delete(localId);
    deps.changed();
    return { accepted: true };
  }

  async function reconcileOne(prompt: PromptEntry, agentLives: boolean, last: boolean): Promise<void> {
    const { localId } = prompt;
    if (prompt.stage === "in-transcript" || prompt.stage === "started") {
      // The agent has it. Its turn goes on where the agent lives; otherwise nothing will end it any more.
      return agentLives ? undefined : setStage(localId, "interrupted");
    }
    if (agentLives && prompt.unwanted && (await withdrawals.inTime(localId)) === "removed") return gaveBack(localId, { late: true });
    const found = await agent.lookup(localId).catch(() => "unknown" as const);
    log.info("prompt.looked_up", { localId, stage: prompt.stage, found, agentLives });
    const { stage } = prompts.get(localId) ?? prompt;
    if (stage !== "handing" && stage !== "handed") return;
    if (found === "unknown") return setStage(localId, "unknown");
    if (found === "present") return setStage(localId, agentLives ? "in-transcript" : "interrupted");
    // A living agent may hold it in memory and write it down at any moment: only a dead one's record is the whole truth.
    if (agentLives && (agent.busy || !last)) return;
    return handAgain(localId, "The agent ended before it took the prompt");
  }

  /** It never arrived; but what never arrives, again and again, is given back to its sender. */
  function handAgain(localId: string, message: string): Promise<void> {
    if (prompts.get(localId)?.unwanted) return setStage(localId, "canceled", undefined, true);
    const tries = (handings.get(localId) ?? 0) + 1;
    handings.set(localId, tries);
    if (tries < MAX_HANDINGS) return setStage(localId, "queued");
    return setStage(localId, "failed", { code: "agent_exited", message, retryable: true });
  }

  async function reconcile(agentLives: boolean): Promise<void> {
    const open = inStage("handing", "handed", "in-transcript", "started");
    for (const prompt of open) await reconcileOne(prompt, agentLives, false);
    if (agentLives && open.length > 0) clock.setTimer(SETTLE_MS, () => loosely(settle(open)));
    deps.changed();
  }

  /** What has not moved since, although the agent is idle, has no turn to wait for. */
  async function settle(open: readonly PromptEntry[]): Promise<void> {
    if (agent.busy) return;
    for (const prompt of open) {
      const { stage } = prompts.get(prompt.localId) ?? prompt;
      if (stage === "handing" || stage === "handed") await reconcileOne(prompt, true, true);
      else if (stage === "in-transcript" || stage === "started") staged(prompt.localId, "done");
    }
    deps.changed();
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
    hand,
    steer,
    staged,
    failNext(failure) {
      const next = inStage("queued")[0];
      if (next) loosely(setStage(next.localId, "failed", failure));
    },
    turnEnded,
    cancel,
    again,
    async interruptNext() {
      const { next } = this;
      if (next) await setStage(next.localId, "interrupted");
      deps.changed();
    },
    async unwantCurrent() {
      const given = inStage("handing", "handed").filter((prompt) => !prompt.unwanted);
      if (given.length > 0) await ledger.write(...given.map(({ localId }) => ({ k: "unwanted" as const, localId })));
    },
    get held() {
      return inStage("queued").filter((prompt) => prompt.told && !prompt.unwanted).length;
    },
    async giveBack(hubHas) {
      closed = true;
      // One that the hub believes to be handed is not in its queue any more: only here it still waits.
      const waiting = inStage("queued").filter((prompt) => !prompt.told);
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
    reconcile,
  };
}
