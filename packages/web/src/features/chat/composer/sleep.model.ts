/** Why a session is not running, and what can be done about it. Pure. */
import { AppError, mayBranchAfter, threadKeyOf, type Session } from "@hapi/protocol";
import { capabilitiesOf } from "../session.model.ts";

export interface StartProblem {
  /** For people. */
  message: string;
  /** The code of who noticed first. */
  cause: string | null;
  canFork: boolean;
}

/** What a refused resume said. */
export function problemOfError(error: AppError): StartProblem {
  const { cause, offers } = error.details;
  return {
    message: error.message,
    cause: typeof cause === "string" ? cause : error.code,
    canFork: Array.isArray(offers) && offers.includes("fork"),
  };
}

/** What the session itself says of its last start; null: nothing went wrong. */
export function problemOfSession({ metadata }: Pick<Session, "metadata">): StartProblem | null {
  if (!metadata || metadata.lifecycleState !== "failed") return null;
  const failure = metadata.lastStart?.failure;
  const code = failure?.code ?? metadata.failureCode ?? null;
  if (!failure && code === null) return null;
  const hasThread = typeof metadata[threadKeyOf(metadata.flavor)] === "string";
  const canFork = hasThread && mayBranchAfter(code) && capabilitiesOf({ metadata } as Session).fork === true;
  return { message: failure?.message ?? "", cause: code, canFork };
}
