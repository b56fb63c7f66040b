/**
 * What may become of a prompt in this session: pure, from where it is and what is known of it. `inbox.ts` writes the moves down and does what they
 * ask for. The page on all places of a prompt is `docs/prompts.md`.
 */
import { type AgentPromptState, canAdvance, isPromptTooLong, PROMPT_TOO_LONG, promptOfRow, type SessionPromptState } from "@hapi/core";
import type { AgentFailure, CancelAck, Message } from "@hapi/protocol";
import type { Facts, PromptEntry, PromptRow } from "./ledger-state.ts";
import { promptsIn } from "./prompt-queue.ts";

export const MAX_QUEUED = 1_000;
/** A prompt that provably never reached the agent is handed again this often before it is shown as failed. */
const MAX_HANDINGS = 3;

export type IncomingMessage = Pick<Message, "id" | "seq" | "createdAt" | "content"> & {
  localId?: string | null;
  invokedAt?: number | null;
};

export interface Move {
  stage: SessionPromptState;
  failure?: AgentFailure;
  /** Absent: as the stage says. */
  row?: PromptRow;
}

type Looked = "present" | "absent" | "unknown";
type Prompts = ReadonlyMap<string, PromptEntry>;

export interface Receipt {
  prompt: PromptEntry;
  lastSeq: number | null;
  /** It goes back to its sender at once. */
  refused: Move | null;
}

/** Null: it is no prompt, is here already, was handed before, or there is no room. */
export function receiptOf(
  message: IncomingMessage,
  from: "live" | "backfill",
  known: { prompts: Prompts; facts: Pick<Facts, "lastSeq">; now: number },
): Receipt | null {
  const { prompts, facts, now } = known;
  const found = promptOfRow(message.content);
  const seen = message.seq !== null && facts.lastSeq !== null && message.seq <= facts.lastSeq;
  const localId = message.localId ?? message.id;
  // A row with a client's id says itself whether it was handed; one without is stamped at once, so only its place in the log tells.
  const over = from === "backfill" && (message.localId ? message.invokedAt != null : facts.lastSeq === null || seen);
  if (!found || over || prompts.has(localId) || (!message.localId && seen)) return null;
  if (promptsIn(prompts, "queued").length >= MAX_QUEUED) return null;
  // From a hub that knows no limit: given back at once, and its words are not kept in every copy of the ledger.
  const isTooLong = isPromptTooLong(found.text);
  const prompt = promptEntry({
    localId,
    messageId: message.id,
    seq: message.seq,
    at: message.createdAt,
    text: isTooLong ? "" : found.text,
    attachments: found.attachments,
    stageAt: now,
  });
  const lastSeq = message.seq !== null && !seen ? message.seq : facts.lastSeq;
  const failure: AgentFailure = { code: "invalid_request", message: PROMPT_TOO_LONG, retryable: false };
  return { prompt, lastSeq, refused: isTooLong ? { stage: "failed", failure } : null };
}

/** New in this session. */
export const promptEntry = (facts: Omit<PromptEntry, "stage" | "row" | "wish">): PromptEntry => ({
  ...facts,
  stage: "queued",
  row: "queued",
  wish: "run",
});

/** Taken back before it came: it must not run when it comes. */
export const neverCame = (localId: string, messageId: string, at: number): PromptEntry =>
  promptEntry({ localId, messageId, seq: null, at, text: "", attachments: [], stageAt: at });

/** The agent, or its record, says that it is there now. */
export function moveByAgent(present: SessionPromptState, stage: AgentPromptState, failure?: AgentFailure): Move | null {
  if (present === "canceled" || present === "queued") return null;
  return present === "handing" || canAdvance(present, stage) ? { stage, failure } : null;
}

/** Its sender wants it back. `ask`: the agent may give it back. */
export function cancelStep({ stage, row }: PromptEntry): { answer: CancelAck; move?: Move } | "ask" {
  switch (stage) {
    case "queued":
      // The agent died before it began, after the hub had heard that it has it: that row hears the end.
      return { answer: { removed: true }, move: { stage: "canceled", row: row === "taken" ? "taken" : "gone" } };
    case "canceled":
      return { answer: { removed: true } };
    case "unknown":
      return { answer: { removed: false, indeterminate: true } };
    case "handing":
    case "handed":
      return "ask";
    default:
      return { answer: { removed: false, consumed: true } };
  }
}

/** The agent has it no more, and nothing hands it again. `late`: after the time in which the hub hears an answer, that hub keeps its row. */
export function givenBack({ stage, row }: PromptEntry, { late }: { late: boolean }): Move | null {
  if (stage !== "handing" && stage !== "handed" && stage !== "queued" && stage !== "in-transcript") return null;
  return { stage: "canceled", row: late || row === "taken" ? "taken" : "gone" };
}

/** A person wants it sent once more. `ask`: its agent's record is asked first. */
export function againStep({ stage }: PromptEntry): { accepted: boolean; consumed?: boolean } | "ask" {
  if (stage === "queued" || stage === "handing") return { accepted: true };
  return stage === "unknown" || stage === "failed" || stage === "interrupted" ? "ask" : { accepted: false, consumed: true };
}

/** The agent did not say that it has it; this is what its record says. `again`: it never arrived. */
export function afterHanding(found: Looked): Move | "again" {
  if (found === "absent") return "again";
  return { stage: found === "present" ? "in-transcript" : "unknown" };
}

export interface Lookup {
  found: Looked;
  agentLives: boolean;
  isBusy: boolean;
  /** It is not asked once more. */
  isLast: boolean;
}

/** After a crash, or the agent's end. Null: it stays as it is. */
export function afterLookup(stage: SessionPromptState, { found, agentLives, isBusy, isLast }: Lookup): Move | "again" | null {
  if (stage !== "handing" && stage !== "handed") return null;
  if (found === "unknown") return { stage: "unknown" };
  if (found === "present") return { stage: agentLives ? "in-transcript" : "interrupted" };
  // A living agent may hold it in memory and write it down at any moment: only a dead one's record is the whole truth.
  return agentLives && (isBusy || !isLast) ? null : "again";
}

/** It never arrived; but what never arrives, again and again, is given back to its sender. */
export function moveAgain({ wish }: Pick<PromptEntry, "wish">, tries: number, message: string): Move {
  if (wish === "back") return { stage: "canceled", row: "taken" };
  if (tries < MAX_HANDINGS) return { stage: "queued" };
  return { stage: "failed", failure: { code: "agent_exited", message, retryable: true } };
}

/** What has not moved since, although the agent is idle, has no turn to wait for. */
export function settleStep(stage: SessionPromptState): "look" | "done" | null {
  if (stage === "handing" || stage === "handed") return "look";
  return stage === "in-transcript" || stage === "started" ? "done" : null;
}
