/**
 * What an ACP agent asks: permission, plan approval (a permission to switch modes) and questions (`questions.ts`). Invariant: only
 * what a person allowed is answered with an option of an allow kind, and never with more than they said.
 */
import { isRecord } from "@hapi/core";
import type { ToolKind } from "@hapi/protocol";
import type { RequestAnswer, RequestOutcome } from "../driver.ts";
import { refusingEdits } from "../shared/edited.ts";
import { elicitation } from "../shared/elicitation.ts";
import type { RpcId } from "../shared/jsonrpc.ts";
import { fields, filled, list, text, type Fields } from "../shared/read.ts";
import { agentWentOn, recordOwnRow } from "./closings.ts";
import { agentMode, appliesMode } from "./modes.ts";
import { META } from "./profile.ts";
import { answeredElicitation, answersByPlace, questionRequest, questionsIn, type AskedQuestion } from "./questions.ts";
import { LIMITS, type ChoiceOption, type OpenRequest, type OpenTool, type Translation } from "./state.ts";
import { inputOf, mergeTool, nameOf, recordCall, settleTools } from "./tools.ts";
import { endItem, turnBegins } from "./turns.ts";

const PLAN_TOOL = "ExitPlanMode";

export const requestIdOf = (launchId: string, rpcId: RpcId) =>
  `${launchId}.${typeof rpcId === "string" ? `s-${encodeURIComponent(rpcId)}` : rpcId}`;

/** False: not a request for people. */
export function openRequest(to: Translation, rpcId: RpcId, method: string, params: unknown): boolean {
  const ask =
    method === "session/request_permission"
      ? permission(to, fields(params))
      : method === "elicitation/create"
        ? asked(to, elicitation(fields(params)))
        : asked(to, ownAsk(to, method, fields(params)));
  if (!ask || Object.keys(to.state.requests).length >= LIMITS.openRequests) return false;
  const id = requestIdOf(to.state.launchId, rpcId);
  const ownRow = ask.ask.type !== "choice" || ask.request.toolCallId === undefined;
  // A question beside a call is still a question: its row is its own.
  const request = { id, ...ask.request, ...(ownRow ? { toolCallId: id } : {}) };
  const open: OpenRequest = { request, rpcId, ask: ask.ask, ...(ownRow ? { ownRow } : {}) };
  // An agent that asks again has gone on; asked side by side, only the call itself would say so.
  agentWentOn(to, request.toolCallId);
  to.state.requests[id] = open;
  recordOwnRow(to, open);
  to.emit({ type: "request", request: open.request });
  return true;
}

function asked(to: Translation, question: AskedQuestion | null): AskedQuestion | null {
  if (!question) return null;
  turnBegins(to);
  endItem(to);
  settleTools(to);
  return question;
}

function ownAsk(to: Translation, method: string, params: Fields): AskedQuestion | null {
  const asks = to.profile.own && Object.hasOwn(to.profile.own, method) ? to.profile.own[method]?.ask(params) : null;
  return asks ? { request: asks.request, ask: { type: "own", method, questions: asks.questions } } : null;
}

type Own = Extract<OpenRequest["ask"], { type: "own" }>;

function ownReply(to: Translation, { request, ask }: { request: OpenRequest["request"]; ask: Own }, given: RequestAnswer): Reply {
  const { method, questions } = ask;
  // A question is answered with words beside it.
  const answer = request.kind === "question" ? given : refusingEdits(request, given);
  const result = to.profile.own?.[method]?.reply(questions, answer) ?? cancelled;
  if (answer.behavior === "allow") return { result, outcome: "approved", ...(answer.mode ? { thenMode: answer.mode } : {}) };
  return { result, outcome: "denied", ...(answer.reason ? { reason: answer.reason } : {}) };
}

function permission(to: Translation, params: Fields): AskedQuestion | null {
  const call = fields(params["toolCall"]);
  const options = list(params["options"]).flatMap(readOption);
  turnBegins(to);
  endItem(to);
  const toolCallId = filled(call["toolCallId"]);
  if (toolCallId === undefined) {
    settleTools(to);
    return { request: { kind: "permission", tool: "tool", input: call, title: text(call["title"]) }, ask: { type: "choice", options } };
  }
  const tool = mergeTool(to, toolCallId, call);
  const questions = questionsIn(fields(call["_meta"])[to.profile.questions?.meta ?? ""]);
  if (questions) tool.kind = "question";
  recordCall(to, tool);
  if (questions) {
    const request = { ...questionRequest(questions, tool.title), toolCallId };
    return { request, ask: { type: "choice", options, questions } };
  }
  const always = options.find((option) => option.kind === "allow_always");
  const title = tool.title || undefined;
  const common = { toolCallId, title, ...(always ? { sessionScope: always.name } : {}) };
  if (tool.kind === "plan") {
    return { request: { ...common, kind: "plan", tool: PLAN_TOOL, input: planInput(tool, options) }, ask: { type: "choice", options } };
  }
  const byPolicy = appliesMode(to.profile, to.state.facts, to.state.mode) ? {} : { policyKind: policyKindOf(tool.kind) };
  return {
    request: { ...common, ...byPolicy, kind: "permission", tool: nameOf(tool), input: shownInput(tool) },
    ask: { type: "choice", options },
  };
}

/** Agents call many things "think" that are more than notes; what passes without asking must be one of the exact kinds. */
function policyKindOf(kind: ToolKind): ToolKind {
  return kind === "think" || kind === "plan" ? "other" : kind;
}

/** The answer is bound to what is shown: the input, and the change itself when the agent gave one beside it. */
function shownInput(tool: OpenTool): unknown {
  const input = inputOf(tool);
  const diffs = tool.content.filter((part) => part.type === "diff");
  return diffs.length > 0 && !("diffs" in input) ? { ...input, diffs } : input;
}

function planInput(tool: OpenTool, options: readonly ChoiceOption[]): unknown {
  const said = tool.content.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
  const input = isRecord(tool.input) ? tool.input : {};
  return {
    ...input,
    plan: text(input["plan"]) ?? (said || tool.title),
    options: options.map(({ id, name, kind }) => ({ id, name, kind })),
  };
}

function readOption(value: unknown): ChoiceOption[] {
  const option = fields(value);
  const id = filled(option["optionId"]);
  return id === undefined ? [] : [{ id, name: filled(option["name"]) ?? id, kind: text(option["kind"]) ?? "" }];
}

export interface Reply {
  result: unknown;
  outcome: RequestOutcome;
  reason?: string;
  /** Mode to switch to after the answer, where no option does it. */
  thenMode?: string;
}

const cancelled = { outcome: { outcome: "cancelled" } };

export function replyTo(to: Translation, open: OpenRequest, answer: RequestAnswer): Reply {
  switch (open.ask.type) {
    case "form":
    case "url":
      return answeredElicitation(open.ask, answer);
    case "own":
      return ownReply(to, { ...open, ask: open.ask }, answer);
    case "choice":
      return choiceReply(to, open, open.ask, answer);
  }
}

/** The turn is being stopped: every open request is answered with "cancelled". */
export function cancelReply(to: Translation, open: OpenRequest): unknown {
  if (open.ask.type === "own") return to.profile.own?.[open.ask.method]?.cancelled ?? cancelled;
  return open.ask.type === "choice" ? cancelled : { action: "cancel" };
}

type Choice = Extract<OpenRequest["ask"], { type: "choice" }>;

function choiceReply(to: Translation, open: OpenRequest, { options, questions }: Choice, given: RequestAnswer): Reply {
  const answer = refusingEdits(open.request, given);
  if (answer.behavior === "deny") return deny(to, open, options, answer.reason);
  const { option, thenMode } = allowOption(to, options, answer);
  if (!option) return deny(to, open, options, "The agent only offers to allow this for the whole session, so nothing was allowed");
  const words = questions && to.profile.questions ? { [to.profile.questions.answers]: answersByPlace(questions, answer.answers) } : {};
  const result = { outcome: { outcome: "selected", optionId: option.id }, ...words };
  return { result, outcome: "approved", ...(thenMode ? { thenMode } : {}) };
}

function allowOption(to: Translation, options: readonly ChoiceOption[], answer: Extract<RequestAnswer, { behavior: "allow" }>) {
  const allowing = options.filter((option) => option.kind === "allow_once" || option.kind === "allow_always");
  const once = allowing.find((option) => option.kind === "allow_once");
  const always = allowing.find((option) => option.kind === "allow_always");
  if (answer.mode !== undefined) {
    const id = agentMode(to.profile, answer.mode);
    const named = allowing.find((option) => option.id === id);
    return named ? { option: named, thenMode: undefined } : { option: once, thenMode: answer.mode };
  }
  return { option: answer.forSession ? (always ?? once) : once, thenMode: undefined };
}

function deny(to: Translation, open: OpenRequest, options: readonly ChoiceOption[], reason: string | undefined): Reply {
  const tool = open.request.toolCallId === undefined ? undefined : to.state.tools[open.request.toolCallId];
  if (tool) tool.denied = true;
  const option = options.find((candidate) => candidate.kind === "reject_once");
  const outcome = option ? { outcome: { outcome: "selected", optionId: option.id } } : cancelled;
  if (reason && to.profile.denyReason !== "meta") {
    to.state.notes = [...to.state.notes, `I did not allow "${open.request.title ?? open.request.tool}": ${reason}`].slice(-LIMITS.notes);
  }
  const result = reason && to.profile.denyReason === "meta" ? { ...outcome, _meta: { [META.reason]: reason } } : outcome;
  return { result, outcome: "denied", ...(reason ? { reason } : {}) };
}
