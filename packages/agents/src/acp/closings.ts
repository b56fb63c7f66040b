/**
 * How requests end. An answer that was written to the agent is only sent: it is applied when the agent goes on. A question has no tool call of its
 * own in ACP, so it gets a row here, or it would vanish with its answer.
 */
import type { AgentEvent } from "@hapi/protocol";
import type { RequestAnswer, RequestOutcome } from "../driver.ts";
import { answeredWords } from "../shared/elicitation.ts";
import type { Fields } from "../shared/read.ts";
import type { OpenRequest, Sent, Translation } from "./state.ts";

const NOT_TOLD = "It is over; the agent did not say which answer it took";
const ENDED_UNTOLD = "The agent ended before it said whether it took the answer";

type Closing = { outcome: RequestOutcome; by: "remote" | "terminal" | "agent"; reason?: string };

/** The row of a request that is about no tool call: a question, or a permission for something the agent doesn't name. */
export function recordOwnRow(to: Translation, open: OpenRequest): void {
  if (!open.ownRow) return;
  const { id, kind, tool, title, input } = open.request;
  const event: AgentEvent = { type: "tool-call", id, tool, kind: kind === "question" ? "question" : "other", title: title ?? tool, input };
  to.emit({ type: "record", key: `${to.state.launchId}:call:${id}`, event, at: to.now() });
}

const statuses = { approved: "completed", denied: "denied", canceled: "cancelled", resolved: "cancelled" } as const;

export function closeRequest(to: Translation, open: OpenRequest, closing: Closing, output = ""): void {
  const { id } = open.request;
  if (open.ownRow) {
    const event: AgentEvent = { type: "tool-result", id: `${id}:result`, callId: id, status: statuses[closing.outcome], output };
    to.emit({ type: "record", key: `${to.state.launchId}:result:${id}`, event, at: to.now() });
  }
  to.emit({ type: "request-closed", id, ...closing });
}

/** Written: from now on the agent has it. */
export function answerSent(to: Translation, sent: Sent): void {
  const others = (to.state.sent ?? []).filter((one) => one.open.request.id !== sent.open.request.id);
  to.state.sent = [...others, sent];
}

/** It could not be written: the agent is gone. */
export function answerLost(to: Translation, lost: Sent): void {
  to.state.sent = (to.state.sent ?? []).filter((sent) => sent !== lost);
  closeRequest(to, lost.open, { outcome: "canceled", by: "agent", reason: ENDED_UNTOLD });
}

/** The agent shows that it goes on. `callId`: with this call; other calls that run at the same time say nothing of a request. */
export function agentWentOn(to: Translation, callId?: string): void {
  settleSent(to, (sent) => {
    const call = sent.open.request.toolCallId;
    const isIts = sent.open.ownRow === true || callId === undefined || call === undefined || call === callId || !runsBeside(to, call);
    return isIts ? sent.closing : null;
  });
}

/**
 * The turn is over, or was stopped, after an answer was sent: what became of it nobody says. Of a denial it is known all the same: neither way does
 * the tool run.
 */
export function sentUntold(to: Translation, why: "stopped" | "agent gone"): void {
  const reason = why === "stopped" ? NOT_TOLD : ENDED_UNTOLD;
  const untold = { outcome: "canceled", by: "agent", reason } as const;
  settleSent(to, ({ closing }) => (why === "stopped" && closing.outcome === "denied" ? closing : untold));
}

function settleSent(to: Translation, closingOf: (sent: Sent) => Closing | null): void {
  const waiting = to.state.sent ?? [];
  if (waiting.length === 0) return;
  const left: Sent[] = [];
  for (const sent of waiting) {
    const closing = closingOf(sent);
    if (closing) closeRequest(to, sent.open, closing, closing === sent.closing ? sent.output : "");
    else left.push(sent);
  }
  to.state.sent = left;
}

const runsBeside = (to: Translation, callId: string): boolean =>
  Object.values(to.state.tools).some((tool) => tool.id !== callId && tool.recorded && !tool.denied);

/** What was to be done at an address is done: nobody needs to answer any more. */
export function elicitationCompleted(to: Translation, params: Fields): void {
  for (const [id, open] of Object.entries(to.state.requests)) {
    if (open.ask.type !== "url" || open.ask.elicitationId === null || open.ask.elicitationId !== params["elicitationId"]) continue;
    delete to.state.requests[id];
    closeRequest(to, open, { outcome: "resolved", by: "agent" });
  }
}

export function withdrawRequests(to: Translation): void {
  for (const [id, open] of Object.entries(to.state.requests)) {
    delete to.state.requests[id];
    closeRequest(to, open, { outcome: "canceled", by: "agent" });
  }
}

/** What was answered, in words. `content`: of an answer to a form. */
export function answerWords(open: OpenRequest, answer: RequestAnswer, content: unknown): string {
  if (answer.behavior === "deny") return answer.reason ?? "";
  return open.ask.type === "form" ? answeredWords(open.ask.fields, content) : "";
}
