/**
 * What an MCP server asks the person through a driven Claude: control request `elicitation` (2.1.329, 2.1.332, measured): `mcp_server_name, message,
 * mode, requested_schema | url, elicitation_id`, answered by `{action, content}`. It names no tool call, so question and answer get a row of their own.
 */
import type { AgentEvent } from "@hapi/protocol";
import type { DriverContext, RequestAnswer } from "../driver.ts";
import { answeredWords, elicitation, elicitationReply } from "../shared/elicitation.ts";
import { fields } from "../shared/read.ts";
import { type Json, str } from "./json.ts";
import type { OpenRequests } from "./open-requests.ts";
import type { Closing } from "./request-fate.ts";
import { decisionOf } from "./requests.ts";
import type { OpenRequest } from "./state.ts";

/** Null: another request, or of a mode that nobody can show. */
export function elicitedRequest(controlId: string, asked: Json): OpenRequest | null {
  if (asked["subtype"] !== "elicitation") return null;
  const { mode, message, url } = asked;
  const params = { mode, message, url, elicitationId: asked["elicitation_id"], requestedSchema: asked["requested_schema"] };
  const found = elicitation(params, str(asked["mcp_server_name"]));
  if (!found) return null;
  const request = { id: controlId, toolCallId: controlId, ...found.request };
  return { request, controlId, input: request.input as Json, suggestions: [], elicited: found.ask };
}

/** In Claude's own form. @throws AppError `invalid_body` for a form that the server could not take; the question stays open. */
export async function decide(requests: Pick<OpenRequests, "update">, open: OpenRequest, answer: RequestAnswer): Promise<Json> {
  const { elicited } = open;
  if (!elicited) return decisionOf(open, answer);
  const reply = elicitationReply(elicited, answer);
  const words = elicited.type === "form" ? answeredWords(elicited.fields, fields(reply)["content"]) : "";
  await requests.update(open.request.id, { said: answer.behavior === "deny" ? (answer.reason ?? "") : words });
  return reply;
}

/** What was to be done at an address is done, and Claude waits for a word all the same (measured). */
export async function visitDone(
  requests: OpenRequests,
  line: Json,
  reply: (controlId: string, answer: Json) => Promise<void>,
): Promise<void> {
  const done = line["elicitation_id"];
  for (const { request, controlId, elicited } of requests.all) {
    if (elicited?.type !== "url" || elicited.elicitationId === null || elicited.elicitationId !== done || !controlId) continue;
    await reply(controlId, { action: "accept" });
    requests.close(request.id, { outcome: "resolved", by: "agent" });
  }
}

const STATUSES = { approved: "completed", denied: "denied", canceled: "cancelled", resolved: "completed" } as const;

/** What stays of it in the history. */
export function recordElicited(context: DriverContext, { elicited, request, said = "" }: OpenRequest, { outcome }: Closing): void {
  if (!elicited) return;
  const { id, tool, title, input } = request;
  const at = context.clock.now();
  const record = (key: string, event: AgentEvent): void => context.emit({ type: "record", key, event, at });
  record(`asked:${id}`, { type: "tool-call", id, tool, kind: "question", title: title ?? tool, input });
  record(`answered:${id}`, { type: "tool-result", id: `${id}:result`, callId: id, status: STATUSES[outcome], output: said });
}
