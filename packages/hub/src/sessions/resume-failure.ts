/** Why a session could not be brought back, in the words of whoever noticed, and what can be done instead. */
import { AppError, mayBranchAfter, threadKeyOf, type Session } from "@hapi/protocol";

/** A branch is one of the agent's own thread: without that there is nothing to go on from, whatever history the hub has. */
export function canFork({ metadata }: Session): boolean {
  const thread = metadata?.[threadKeyOf(metadata.flavor)];
  return metadata?.capabilities?.["fork"] === true && typeof thread === "string" && thread !== "";
}

export function resumeFailed(session: Session, causeCode: string | undefined, message?: string, cause?: unknown): AppError {
  const offers = canFork(session) && mayBranchAfter(causeCode) ? ["fork"] : [];
  return new AppError("resume_failed", message, {
    cause,
    details: { ...(causeCode === undefined ? {} : { cause: causeCode }), ...(offers.length > 0 ? { offers } : {}) },
  });
}
