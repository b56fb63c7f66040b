/** Why a session could not be brought back, in the words of whoever noticed, and what can be done instead. */
import { AppError, threadKeyOf, type Session } from "@hapi/protocol";

/** With these a branch would fail for the same reason: the program or its machine is missing, not the way to the conversation. */
const alsoInABranch = new Set(["agent_not_installed", "agent_unsupported_version", "unsupported_flavor", "rpc_timeout", "agent_away"]);

/** A new session that carries the history on: from the agent's own thread where that is there, else from what the hub has. */
export function canFork({ metadata }: Session): boolean {
  const thread = metadata?.[threadKeyOf(metadata.flavor)];
  return metadata?.capabilities?.["fork"] === true && typeof thread === "string" && thread !== "";
}

export function resumeFailed(session: Session, causeCode: string | undefined, message?: string, cause?: unknown): AppError {
  const offers = canFork(session) && !alsoInABranch.has(causeCode ?? "") && causeCode !== "resume_unavailable" ? ["fork"] : [];
  return new AppError("resume_failed", message, {
    cause,
    details: { ...(causeCode === undefined ? {} : { cause: causeCode }), ...(offers.length > 0 ? { offers } : {}) },
  });
}
