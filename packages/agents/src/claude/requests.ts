/**
 * What Claude asks a person, in both fronts: the request as HAPI shows it, the words of "for this session", and the answer in Claude's own form.
 * Pure. "For this session" never writes a settings file: every rule goes to the destination `session`.
 */
import { shortText } from "@hapi/core";
import { type Answers, noticeWords, type NoticeWords } from "@hapi/protocol";
import type { AgentRequest, RequestAnswer } from "../driver.ts";
import { isJson, type Json, list, obj, str, strings } from "./json.ts";
import type { OpenRequest } from "./state.ts";

const QUESTION_TOOL = "AskUserQuestion";
const PLAN_TOOL = "ExitPlanMode";
const MAX_SCOPE = 300;

export function requestKindOf(tool: string): AgentRequest["kind"] {
  return tool === QUESTION_TOOL ? "question" : tool === PLAN_TOOL ? "plan" : "permission";
}

const editTools: ReadonlySet<string> = new Set(["Edit", "Write", "MultiEdit", "NotebookEdit"]);
const MAX_COMMAND = 500;

/** The call itself as a rule, where Claude suggests none: this very command, or this tool. */
function ownRule(tool: string, input: Json): Json[] {
  const command = tool === "Bash" ? str(input["command"]) : undefined;
  if (tool === "Bash" && (command === undefined || command.length > MAX_COMMAND || command.includes("\n"))) return [];
  const rule = command === undefined ? { toolName: tool } : { toolName: tool, ruleContent: command };
  return [{ type: "addRules", rules: [rule], behavior: "allow", destination: "session" }];
}

/**
 * What "for this session" stands for: Claude's own rules and folders; for edits its mode. A change of mode is never taken for a command: it
 * would allow much more than was asked.
 */
export function sessionUpdates(tool: string, input: Json, suggestions: readonly Json[]): Json[] {
  const ofType = (type: string): Json[] =>
    suggestions.filter((one) => one["type"] === type && (type !== "addRules" || one["behavior"] === "allow"));
  const modes = editTools.has(tool) ? ofType("setMode") : [];
  const rules = modes.length > 0 ? modes : ofType("addRules");
  const chosen = rules.length > 0 ? rules : ownRule(tool, input);
  return chosen.length === 0 ? [] : [...chosen, ...ofType("addDirectories")].map((one) => ({ ...one, destination: "session" }));
}

function wordsOf(update: Json): NoticeWords[] {
  switch (update["type"]) {
    case "addRules":
      return list(update["rules"])
        .filter(isJson)
        .map((rule) => {
          const content = str(rule["ruleContent"]);
          const tool = str(rule["toolName"]) ?? "tool";
          return content === undefined ? noticeWords("scope_tool", { tool }) : noticeWords("scope_rule", { tool, rule: content });
        });
    case "setMode":
      return [
        update["mode"] === "acceptEdits"
          ? noticeWords("scope_edits")
          : noticeWords("scope_mode", { mode: { mode: String(update["mode"]) } }),
      ];
    case "addDirectories":
      return [noticeWords("scope_folders", { folders: strings(update["directories"]) })];
    default:
      return [];
  }
}

type Scope = Pick<AgentRequest, "sessionScope" | "sessionScopeWords">;

/** Words that are cut are text only. */
export function sessionScopeOf(tool: string, input: Json, suggestions: readonly Json[]): Scope {
  const words = sessionUpdates(tool, input, suggestions).flatMap(wordsOf);
  if (words.length === 0) return {};
  const text = words.map((one) => one.text).join("; ");
  const sessionScope = shortText(text, MAX_SCOPE);
  return text === sessionScope
    ? { sessionScope, sessionScopeWords: words.map(({ code, params }) => ({ code, params })) }
    : { sessionScope };
}

export function openRequestOf(options: {
  id: string;
  tool: string;
  input: Json;
  suggestions: Json[];
  toolCallId?: string;
  title?: string;
  controlId?: string;
}): OpenRequest {
  const kind = requestKindOf(options.tool);
  const scope = kind === "permission" ? sessionScopeOf(options.tool, options.input, options.suggestions) : {};
  const request: AgentRequest = {
    id: options.id,
    kind,
    tool: options.tool,
    input: options.input,
    ...(options.toolCallId === undefined ? {} : { toolCallId: options.toolCallId }),
    ...(options.title === undefined ? {} : { title: options.title }),
    ...scope,
  };
  const control = options.controlId === undefined ? {} : { controlId: options.controlId };
  return { request, input: options.input, suggestions: options.suggestions, ...control };
}

/** Both wire shapes of answers, keyed by the question's text or its place → Claude's `answers` by text; several labels are joined by commas. */
export function foldAnswers(input: Json, answers: Answers): Record<string, string> {
  const questions = list(input["questions"]).filter(isJson);
  const folded: Record<string, string> = {};
  for (const [key, value] of Object.entries(answers)) {
    const labels = Array.isArray(value) ? value : value.answers;
    const byText = questions.find((question) => question["question"] === key);
    const byHeader = questions.find((question) => question["header"] === key || question["id"] === key);
    const byPlace = /^\d+$/.test(key) ? questions[Number(key)] : undefined;
    const text = str((byText ?? byPlace ?? byHeader)?.["question"]) ?? key;
    folded[text] = labels.join(", ");
  }
  return folded;
}

function updatesOf(open: OpenRequest, answer: Extract<RequestAnswer, { behavior: "allow" }>): Json[] {
  const forSession = answer.forSession === true && open.request.kind === "permission";
  const session = forSession ? sessionUpdates(open.request.tool, open.input, open.suggestions) : [];
  const tools = (answer.allowTools ?? []).map(ruleOf);
  const rules: Json[] = tools.length > 0 ? [{ type: "addRules", rules: tools, behavior: "allow", destination: "session" }] : [];
  const mode: Json[] = answer.mode === undefined ? [] : [{ type: "setMode", mode: answer.mode, destination: "session" }];
  return [...session, ...rules, ...mode];
}

/** `Bash(git *)` or `Edit`. */
function ruleOf(text: string): Json {
  const match = /^([^()]+)\((.*)\)$/s.exec(text);
  return match ? { toolName: match[1], ruleContent: match[2] } : { toolName: text };
}

/** The decision, in the form both `can_use_tool` and the `PermissionRequest` hook take. */
export function decisionOf(open: OpenRequest, answer: RequestAnswer): Json {
  if (answer.behavior === "deny") {
    const message = answer.reason?.trim() || (open.request.kind === "plan" ? "Keep planning." : "The user denied this.");
    return { behavior: "deny", message, ...(answer.interrupt ? { interrupt: true } : {}) };
  }
  const given = isJson(answer.updatedInput) ? answer.updatedInput : open.input;
  const updatedInput =
    answer.answers && open.request.kind === "question" ? { ...given, answers: foldAnswers(open.input, answer.answers) } : given;
  const updates = updatesOf(open, answer);
  return { behavior: "allow", updatedInput, ...(updates.length > 0 ? { updatedPermissions: updates } : {}) };
}

/** A hook's answer. An input that is not changed is not sent: the terminal then says "allowed", not "changed". */
export function hookDecisionOf(open: OpenRequest, answer: RequestAnswer): Json {
  const decision = decisionOf(open, answer);
  if (decision["updatedInput"] === open.input) delete decision["updatedInput"];
  return { hookSpecificOutput: { hookEventName: "PermissionRequest", decision } };
}

export function titleOf(request: Json): string | undefined {
  return str(request["description"]) ?? str(obj(request["input"])["description"]);
}
