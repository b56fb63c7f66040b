/** How a turn ended, from what the hub hears: the row of its end, or the stage of its prompt. Pure. */
import type { AgentEvent, Fact, LastTurn, PromptStage } from "@hapi/protocol";
import { cutText } from "./text.ts";

/** A list shows a line of it. */
const MAX_MESSAGE = 300;

const work: ReadonlySet<AgentEvent["type"]> = new Set([
  "user-message",
  "agent-message",
  "thought",
  "tool-call",
  "turn-started",
  "retrying",
  "plan",
]);

/** After one of these a turn that ended is no longer the last one. */
export const isWork = (event: AgentEvent): boolean => event.parent === undefined && work.has(event.type);

const conversation: ReadonlySet<AgentEvent["type"]> = new Set(["user-message", "agent-message", "thought", "tool-call"]);

/** Makes a session more than an empty row. */
export const isConversation = (event: AgentEvent): boolean => conversation.has(event.type);

export function turnEndOf(facts: readonly Fact[], at: number): LastTurn | null {
  const end = facts.findLast((fact) => fact.kind === "turn-ended" && fact.parent === undefined);
  if (end?.kind !== "turn-ended") return null;
  const { failure, localIds, outcome } = end;
  return { outcome, at, localId: localIds?.at(-1) ?? null, ...(failure ? reasonOf(failure) : {}) };
}

/** Other clients tell an end twice, first how and then that: the worse word holds. */
const badness: Record<LastTurn["outcome"], number> = { completed: 0, interrupted: 1, unknown: 2, failed: 3 };

export const worseEnd = (before: LastTurn, said: LastTurn): LastTurn =>
  badness[before.outcome] > badness[said.outcome] ? { ...before, at: said.at } : said;

function reasonOf(detail: Record<string, unknown> | { code: string; message: string; retryable: boolean; cause?: string }) {
  const { code, cause, message, retryable } = detail;
  const why = typeof cause === "string" ? cause : code;
  return {
    ...(typeof why === "string" ? { code: why } : {}),
    ...(typeof message === "string" ? { message: cutText(message, MAX_MESSAGE) } : {}),
    ...(typeof retryable === "boolean" ? { retryable } : {}),
  };
}

export interface StageSaid {
  localId: string;
  stage: PromptStage;
  detail?: Record<string, unknown> | undefined;
}

/** What the stage of a prompt says of its turn; undefined: nothing new. Rows of ends say more, so their word about the same prompt stays. */
export function turnAfterStage(known: LastTurn | null, { localId, stage, detail }: StageSaid, at: number): LastTurn | null | undefined {
  const isSame = known?.localId === localId;
  switch (stage) {
    case "failed":
    case "interrupted":
    case "unknown":
      if (isSame && known.outcome === stage) return undefined;
      return { outcome: stage, at, localId, ...(detail ? reasonOf(detail) : {}) };
    case "done":
      return isSame && known.outcome === "unknown" ? { outcome: "completed", at, localId } : undefined;
    default:
      // It goes to the agent once more.
      return isSame && known.outcome === "unknown" ? null : undefined;
  }
}
