/**
 * What an ACP agent asks: permission, plan approval (a permission to switch modes) and questions (`elicitation/create` forms). Invariant: only
 * what a person allowed is answered with an option of an allow kind, and never with more than they said.
 */
import { isRecord } from "@hapi/core";
import { isDeepStrictEqual } from "node:util";
import type { ToolKind } from "@hapi/protocol";
import type { AgentRequest, RequestAnswer, RequestOutcome } from "../driver.ts";
import type { RpcId } from "../shared/jsonrpc.ts";
import { fields, filled, list, text, type Fields } from "../shared/read.ts";
import { agentWentOn, recordOwnRow } from "./closings.ts";
import { agentMode, appliesMode } from "./modes.ts";
import { META } from "./profile.ts";
import { LIMITS, type ChoiceOption, type FormField, type OpenRequest, type OpenTool, type Translation } from "./state.ts";
import { inputOf, mergeTool, nameOf, recordCall, settleTools } from "./tools.ts";
import { endItem, turnBegins } from "./turns.ts";

/** The wire's names for tools that ask a person for words; existing clients know their arguments. */
const QUESTION_TOOL = "AskUserQuestion";
const PLAN_TOOL = "ExitPlanMode";

export const requestIdOf = (launchId: string, rpcId: RpcId) =>
  `${launchId}.${typeof rpcId === "string" ? `s-${encodeURIComponent(rpcId)}` : rpcId}`;

/** False: not a request for people. */
export function openRequest(to: Translation, rpcId: RpcId, method: string, params: unknown): boolean {
  const ask =
    method === "session/request_permission"
      ? permission(to, fields(params))
      : method === "elicitation/create"
        ? question(to, fields(params))
        : null;
  if (!ask || Object.keys(to.state.requests).length >= LIMITS.openRequests) return false;
  const id = requestIdOf(to.state.launchId, rpcId);
  const ownRow = ask.request.kind === "question" || ask.request.toolCallId === undefined;
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

type Asked = { request: Omit<AgentRequest, "id">; ask: OpenRequest["ask"] };

function permission(to: Translation, params: Fields): Asked | null {
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
  recordCall(to, tool);
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

function question(to: Translation, params: Fields): Asked | null {
  if (params["mode"] !== "form") return null;
  const properties = fields(fields(params["requestedSchema"])["properties"]);
  const message = filled(params["message"]) ?? "The agent asks";
  const form = Object.entries(properties)
    .slice(0, 20)
    .map(([name, schema]) => readField(name, fields(schema), message));
  turnBegins(to);
  endItem(to);
  settleTools(to);
  const questions = form.map((field) => ({
    id: field.name,
    question: field.question,
    header: field.name,
    multiSelect: field.type === "array",
    options: field.options.map(({ label }) => ({ label, description: "" })),
  }));
  const request = { kind: "question" as const, tool: QUESTION_TOOL, input: { questions }, title: message };
  return { request, ask: { type: "form", fields: form } };
}

function readField(name: string, schema: Fields, message: string): FormField {
  const type = text(schema["type"]) ?? "string";
  const source = type === "array" ? fields(schema["items"]) : schema;
  const titled = list(source["oneOf"] ?? source["anyOf"]).map(fields);
  const plain = list(source["enum"]);
  const options =
    titled.length > 0
      ? titled.flatMap((option) =>
          typeof option["const"] === "string" ? [{ label: filled(option["title"]) ?? option["const"], value: option["const"] }] : [],
        )
      : plain.flatMap((value) => (typeof value === "string" ? [{ label: value, value }] : []));
  const yesNo =
    type === "boolean"
      ? [
          { label: "Yes", value: "true" },
          { label: "No", value: "false" },
        ]
      : [];
  return { name, type, question: filled(schema["title"]) ?? filled(schema["description"]) ?? message, options: [...options, ...yesNo] };
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
  return open.ask.type === "form" ? formReply(open.ask.fields, answer) : choiceReply(to, open, open.ask.options, answer);
}

/** The turn is being stopped: every open request is answered with "cancelled". */
export function cancelReply(open: OpenRequest): unknown {
  return open.ask.type === "form" ? { action: "cancel" } : cancelled;
}

function choiceReply(to: Translation, open: OpenRequest, options: readonly ChoiceOption[], answer: RequestAnswer): Reply {
  if (answer.behavior === "deny") return deny(to, open, options, answer.reason);
  const edited = answer.updatedInput !== undefined && !isDeepStrictEqual(answer.updatedInput, open.request.input);
  if (edited) return deny(to, open, options, "This agent can't take an edited input, so nothing was allowed");
  const { option, thenMode } = allowOption(to, options, answer);
  if (!option) return deny(to, open, options, "The agent only offers to allow this for the whole session, so nothing was allowed");
  return { result: { outcome: { outcome: "selected", optionId: option.id } }, outcome: "approved", ...(thenMode ? { thenMode } : {}) };
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

function formReply(form: readonly FormField[], answer: RequestAnswer): Reply {
  if (answer.behavior === "deny")
    return { result: { action: "decline" }, outcome: "denied", ...(answer.reason ? { reason: answer.reason } : {}) };
  const content: Record<string, unknown> = {};
  for (const [index, field] of form.entries()) {
    const values = givenFor(answer.answers, field, index);
    if (values) content[field.name] = convert(field, values);
  }
  return { result: { action: "accept", content }, outcome: "approved" };
}

/** Clients key answers by the question's place, its words, or its name. */
function givenFor(answers: unknown, field: FormField, index: number): string[] | null {
  const given = fields(answers);
  for (const key of [field.name, field.question, String(index)]) {
    const value = given[key];
    const found = Array.isArray(value) ? value : list(fields(value)["answers"]);
    if (found.length > 0) return found.map(String);
  }
  return null;
}

function convert(field: FormField, given: readonly string[]): unknown {
  const values = given.map((label) => field.options.find((option) => option.label === label)?.value ?? label);
  const [first = ""] = values;
  if (field.type === "array") return values;
  if (field.type === "boolean") return first === "true";
  return field.type === "number" || field.type === "integer" ? Number(first) : first;
}
