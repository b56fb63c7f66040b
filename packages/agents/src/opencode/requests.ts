/**
 * What OpenCode asks: permissions and questions, its own and its sub-agents'. Its terminal shows them at the same time; the first answer wins, and its
 * word for which one (`*.replied`) closes the request here. Invariant: nothing but an allow is answered with an allow.
 */
import { isDeepStrictEqual } from "node:util";
import type { AgentRequest, RequestAnswer } from "../driver.ts";
import { refusingEdits } from "../shared/edited.ts";
import { fields, filled, list, text, type Fields } from "../shared/read.ts";
import { findCall } from "./mirror.ts";
import type { Closing, OpenRequest, Translation } from "./state.ts";
import { callIdOf, inputOf, toolOf, wasDenied } from "./tools.ts";

/** The wire's name for a tool that asks a person for words; existing clients know its arguments. */
const QUESTION_TOOL = "AskUserQuestion";
const MAX_OPEN = 64;
const ENDED_UNTOLD = "OpenCode ended before it said whether it took the answer";
const NOT_ALLOWED = "The person did not allow this. Nothing was done; do not try it again, and go on without it.";

type Kind = "permission" | "question";

const kindOf = (requestId: string): Kind => (requestId.startsWith("que") ? "question" : "permission");

/** `permission.asked` or `question.asked`. Undefined: it is known already, or can't be kept. */
export function openRequest(to: Translation, asked: Fields): OpenRequest | undefined {
  const [id, sessionId] = [filled(asked["id"]), filled(asked["sessionID"])];
  if (id === undefined || sessionId === undefined || to.state.requests[id]) return undefined;
  if (Object.keys(to.state.requests).length >= MAX_OPEN) return undefined;
  const { callID } = fields(asked["tool"]);
  const call = typeof callID === "string" ? findCall(to.mirror, sessionId, callID) : undefined;
  const about = kindOf(id) === "question" ? question(asked) : permission(asked, call && { tool: toolOf(call), input: inputOf(call) });
  const toolCallId = call ? callIdOf(call) : filled(callID);
  const open: OpenRequest = { sessionId, request: { id, ...about, ...(toolCallId === undefined ? {} : { toolCallId }) } };
  to.state.requests[id] = open;
  return open;
}

/** The answer is bound to what is shown: the call's input, and what OpenCode says of it beside (the change, the patterns). */
function permission(asked: Fields, call: { tool: string; input: Fields } | undefined): Omit<AgentRequest, "id"> {
  const name = filled(asked["permission"]) ?? "tool";
  const patterns = list(asked["patterns"]).filter((one) => typeof one === "string");
  const always = list(asked["always"]).filter((one) => typeof one === "string");
  const metadata = fields(asked["metadata"]);
  // What is asked is not always the call itself: a folder outside of the project, a loop.
  const isItself = call !== undefined && (name === call.tool || name === "edit");
  const tool = isItself ? call.tool : name;
  const { diff, ...rest } = metadata;
  const input = isItself ? { ...rest, ...call.input } : { patterns, ...metadata };
  const title = [name, ...patterns].join(" ");
  return {
    kind: "permission",
    tool,
    input: isItself && typeof diff === "string" ? { ...input, diff } : input,
    title,
    ...(always.length > 0 ? { sessionScope: `${name}: ${always.join(", ")}` } : {}),
  };
}

function question(asked: Fields): Omit<AgentRequest, "id"> {
  const questions = list(asked["questions"]).map(fields);
  return {
    kind: "question",
    tool: QUESTION_TOOL,
    title: filled(questions[0]?.["question"]) ?? "OpenCode asks",
    input: {
      questions: questions.map((one) => ({
        question: text(one["question"]) ?? "",
        header: text(one["header"]) ?? "",
        multiSelect: one["multiple"] === true,
        options: list(one["options"]).map((option) => ({
          label: text(fields(option)["label"]) ?? "",
          description: text(fields(option)["description"]) ?? "",
        })),
      })),
    },
  };
}

/** How this answer is given to OpenCode, and how it counts once it took it. */
export const closingOf = (open: OpenRequest, answer: RequestAnswer): Closing =>
  open.request.kind === "question" ? questionClosing(open, answer) : permissionClosing(open, answer);

/** Of what nobody waits for any more: without words, which ends OpenCode's turn. */
export const refusalOf = (requestId: string): [path: string, body: unknown] =>
  kindOf(requestId) === "question" ? [`/question/${requestId}/reject`, {}] : [`/permission/${requestId}/reply`, { reply: "reject" }];

function questionClosing(open: OpenRequest, answer: RequestAnswer): Closing {
  const path = `/question/${open.request.id}`;
  if (answer.behavior === "allow")
    return { outcome: "approved", path: `${path}/reply`, body: { answers: answersFor(open, answer.answers) } };
  return { outcome: "denied", path: `${path}/reject`, body: {}, ...(answer.reason ? { reason: answer.reason } : {}) };
}

function permissionClosing({ request }: OpenRequest, given: RequestAnswer): Closing {
  const answer = refusingEdits(request, given);
  const path = `/permission/${request.id}/reply`;
  if (answer.behavior === "allow") return { outcome: "approved", path, body: { reply: answer.forSession ? "always" : "once" } };
  const { reason, interrupt } = answer;
  // Without words a rejection ends OpenCode's turn.
  const message = reason ?? (interrupt ? undefined : NOT_ALLOWED);
  return { outcome: "denied", path, body: { reply: "reject", ...(message ? { message } : {}) }, ...(reason ? { reason } : {}) };
}

/** One list of labels for each question, in their order. Clients key answers by the question's words, its header, or its place. */
function answersFor(open: OpenRequest, answers: unknown): string[][] {
  const given = fields(answers);
  return list(fields(open.request.input)["questions"]).map((one, index) => {
    const { question: words, header } = fields(one);
    const keys = [text(words), text(header), String(index)].filter((key) => key !== undefined);
    const value = keys.map((key) => given[key]).find((found) => found !== undefined);
    const found = Array.isArray(value) ? value : list(fields(value)["answers"]);
    return found.length > 0 ? found.map(String) : typeof value === "string" ? [value] : [];
  });
}

/** OpenCode's own word that a request was answered: by whom is told by what was answered. */
export function requestReplied(to: Translation, requestId: string, reply: Fields): void {
  const open = to.state.requests[requestId];
  if (!open) return;
  const sent = to.state.sent[requestId];
  const said = outcomeSaid(reply);
  const isOurs = sent !== undefined && sent.outcome === said && repliesAlike(sent, reply);
  close(
    to,
    requestId,
    isOurs ? { outcome: said, by: "remote", ...(sent.reason ? { reason: sent.reason } : {}) } : { outcome: said, by: "terminal" },
  );
}

const outcomeSaid = (reply: Fields): "approved" | "denied" =>
  reply["reply"] === "reject" || reply["rejected"] === true ? "denied" : "approved";

function repliesAlike({ body }: Closing, reply: Fields): boolean {
  const ours = fields(body);
  return Array.isArray(reply["answers"]) ? isDeepStrictEqual(ours["answers"], reply["answers"]) : ours["reply"] === reply["reply"];
}

type How = { outcome: "approved" | "denied" | "canceled" | "resolved"; by: "remote" | "terminal" | "agent"; reason?: string };

export function close(to: Translation, requestId: string, how: How): void {
  if (!to.state.requests[requestId]) return;
  delete to.state.requests[requestId];
  delete to.state.sent[requestId];
  to.emit({ type: "request-closed", id: requestId, ...how });
}

/** The turn or the process is over: nobody is asked any more. */
export function closeAll(to: Translation, by: "remote" | "agent", reason?: string): void {
  for (const id of Object.keys(to.state.requests)) {
    const untold = to.state.sent[id] === undefined ? reason : ENDED_UNTOLD;
    close(to, id, { outcome: "canceled", by, ...(untold === undefined ? {} : { reason: untold }) });
  }
}

/** After a time without hearing: what is not asked any more was answered, and the call says how. */
export function closeAnswered(to: Translation, asked: ReadonlySet<string>): void {
  for (const [id, open] of Object.entries(to.state.requests)) {
    if (asked.has(id)) continue;
    const sent = to.state.sent[id];
    const call = open.request.toolCallId === undefined ? undefined : findCall(to.mirror, open.sessionId, open.request.toolCallId);
    if (sent) close(to, id, { outcome: sent.outcome, by: "remote", ...(sent.reason ? { reason: sent.reason } : {}) });
    else if (!call) close(to, id, { outcome: "resolved", by: "agent" });
    else close(to, id, { outcome: wasDenied(call) ? "denied" : "approved", by: "terminal" });
  }
}
