/**
 * What the demo agent asks in the terminal, between HAPI's words and ACP's: the answer that comes from elsewhere, and how it ended by its record.
 */
import { answerWords, closeRequest } from "../acp/closings.ts";
import { replyTo } from "../acp/requests.ts";
import type { OpenRequest, Translation } from "../acp/state.ts";
import type { RequestAnswer, RequestOutcome } from "../driver.ts";
import { fields, filled } from "../shared/read.ts";
import { META } from "../acp/profile.ts";
import { ANSWERED_BY, THEN_MODE } from "./record.ts";

/** `id`: of the question, in the agent's record; `result`: the client's answer to it, in ACP's words. */
export interface Reply {
  id: string;
  result: object;
}

export function replyOf(to: Translation, open: OpenRequest, answer: RequestAnswer): Reply {
  const { result, thenMode } = replyTo(to, open, answer);
  const _meta = { ...fields(fields(result)["_meta"]), [ANSWERED_BY]: "remote", ...(thenMode ? { [THEN_MODE]: thenMode } : {}) };
  return { id: String(open.rpcId), result: { ...fields(result), _meta } };
}

/** The record has the end of a request. Null: it was taken back. */
export function answered(to: Translation, id: string, result: object | null): void {
  const { requests, tools } = to.state;
  const open = Object.values(requests).find(({ rpcId }) => rpcId === id);
  if (!open) return;
  delete requests[open.request.id];
  const outcome = outcomeOf(open, fields(result));
  if (outcome === "canceled") return closeRequest(to, open, { outcome, by: "agent" });
  const meta = fields(fields(result)["_meta"]);
  const reason = filled(meta[META.reason]);
  const tool = tools[open.request.toolCallId ?? ""];
  if (tool) tool.denied = outcome === "denied";
  const answer: RequestAnswer = outcome === "approved" ? { behavior: "allow" } : { behavior: "deny", ...(reason ? { reason } : {}) };
  const by = meta[ANSWERED_BY] === "remote" ? "remote" : "terminal";
  closeRequest(to, open, { outcome, by, ...(reason ? { reason } : {}) }, answerWords(open, answer, fields(result)["content"]));
}

function outcomeOf({ ask }: OpenRequest, result: Record<string, unknown>): Extract<RequestOutcome, "approved" | "denied" | "canceled"> {
  if (ask.type === "form") return result["action"] === "accept" ? "approved" : result["action"] === "decline" ? "denied" : "canceled";
  if (ask.type !== "choice") return "canceled";
  const { outcome, optionId } = fields(result["outcome"]);
  if (outcome !== "selected") return "canceled";
  return ask.options.find(({ id }) => id === optionId)?.kind.startsWith("allow") ? "approved" : "denied";
}
