/** Answers to what agents ask. */
import type { AnswerResult, RequestActions } from "./port.ts";
import { hubLink } from "./link.ts";

type ClientAnswer = Awaited<ReturnType<ReturnType<typeof hubLink>["api"]["permissions"]["approve"]>>;

/** How a closed request was answered and by whom, in the words its record has for it. */
function toAnswer(answer: ClientAnswer): AnswerResult {
  if (answer.status !== "closed") return { status: answer.status };
  const word = (key: string): string | null => {
    const value = answer.outcome?.[key];
    return typeof value === "string" ? value : null;
  };
  return { status: "closed", outcome: word("status"), by: word("by") };
}

export const requestActions: RequestActions = {
  async approve(sessionId, requestId, { forSession, answers, mode, digest }) {
    const body = {
      decision: forSession ? ("approved_for_session" as const) : ("approved" as const),
      ...(answers === undefined ? {} : { answers }),
      ...(mode === undefined ? {} : { mode }),
      ...(digest === undefined ? {} : { digest }),
    };
    return toAnswer(await hubLink().api.permissions.approve(sessionId, requestId, body));
  },
  async deny(sessionId, requestId, { reason, abort }) {
    const body = { decision: abort ? ("abort" as const) : ("denied" as const), ...(reason ? { reason } : {}) };
    return toAnswer(await hubLink().api.permissions.deny(sessionId, requestId, body));
  },
  whole: (sessionId, requestId) => hubLink().api.permissions.whole(sessionId, requestId),
};
