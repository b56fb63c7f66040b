/** Why a session is not running, and what can be done about it. Pure. */
import { capability, AppError, mayBeginAfter, mayBranchAfter, threadKeyOf, type Session } from "@hapi/protocol";

export interface StartProblem {
  /** For people. */
  message: string;
  /** The code of who noticed first. */
  cause: string | null;
  /** What a new session can go on from: a branch of the agent's own conversation, else the text of this one. */
  offer: "thread" | "history" | null;
}

/** What a refused resume, or a refused new session, said. */
export function problemOfError(error: AppError): StartProblem {
  const { cause, offers } = error.details;
  return {
    message: error.message,
    cause: typeof cause === "string" ? cause : error.code,
    offer: !Array.isArray(offers) ? null : offers.includes("fork") ? "thread" : offers.includes("history") ? "history" : null,
  };
}

/** What the session itself says of its last start; null: nothing went wrong. */
export function problemOfSession({ metadata }: Pick<Session, "metadata">): StartProblem | null {
  if (!metadata || metadata.lifecycleState !== "failed") return null;
  const failure = metadata.lastStart?.failure;
  const code = failure?.code ?? metadata.failureCode ?? null;
  if (!failure && code === null) return null;
  const hasThread = typeof metadata[threadKeyOf(metadata.flavor)] === "string";
  const canFork = hasThread && mayBranchAfter(code) && capability(metadata, "fork") === true;
  // It has a past where there was a conversation to continue.
  const hasPast = hasThread || (metadata.lastStart?.asked ?? null) !== null;
  const offer = canFork ? "thread" : hasPast && mayBeginAfter(code) ? "history" : null;
  return { message: failure?.message ?? "", cause: code, offer };
}
