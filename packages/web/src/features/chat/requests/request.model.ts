/** What a request is about, in words and views, and what a person has entered so far. Pure. */
import type { TimelineQuestion, TimelineRequest } from "@hapi/core";
import type { Answers, ToolKind } from "@hapi/protocol";
import type { MessageKey } from "../../../i18n/index.ts";
import { commandOf } from "../tools/body.model.ts";

/** Which sentence introduces a permission. */
export type Wish =
  | "command"
  | "commandIn"
  | "edit"
  | "create"
  | "delete"
  | "move"
  | "read"
  | "search"
  | "fetch"
  | "agent"
  | "todo"
  | "plan"
  | "tool";

/** A tool nobody has a kind for is known by what it carries: a command is a command whatever its tool is called. */
export function kindOf(request: TimelineRequest): ToolKind {
  if (request.toolKind !== "other") return request.toolKind;
  if (request.diffs.length > 0) return "edit";
  return commandOf(request.input) === null ? "other" : "execute";
}

/** The agent's own sentence, unless it only says the sentence above it or the thing below it again. */
export function noteOf(request: TimelineRequest): string | null {
  const { title, object } = request;
  // "wants to use refund" says nothing of what it is about
  if (title === null || kindOf(request) === "other") return title;
  if (title === object || title === commandOf(request.input)) return null;
  return title.includes(object) && title.length - object.length < 16 ? null : title;
}

export function wishOf(request: TimelineRequest, directory: string): Wish {
  const kind = kindOf(request);
  switch (kind) {
    case "execute":
      return directory ? "commandIn" : "command";
    case "edit":
      return request.diffs.length > 0 && request.diffs.every((diff) => diff.oldText === null) ? "create" : "edit";
    case "delete":
    case "move":
    case "read":
    case "search":
    case "fetch":
    case "agent":
    case "todo":
    case "plan":
      return kind;
    case "question":
    case "think":
    case "other":
      return "tool";
  }
}

export interface QuestionDraft {
  chosen: readonly string[];
  /** The person's own words; count as an answer when `other` is on. */
  text: string;
  other: boolean;
}

export const EMPTY_ANSWER: QuestionDraft = { chosen: [], text: "", other: false };

/** What was kept of an earlier page; anything else is nothing. */
export function readQuestionDrafts(kept: unknown): Readonly<Record<string, QuestionDraft>> | null {
  if (typeof kept !== "object" || kept === null || Array.isArray(kept)) return null;
  const read = Object.entries(kept).flatMap(([id, value]: [string, unknown]) => {
    if (typeof value !== "object" || value === null) return [];
    const { chosen, text, other }: Partial<Record<keyof QuestionDraft, unknown>> = value;
    if (!Array.isArray(chosen) || typeof text !== "string" || typeof other !== "boolean") return [];
    return [[id, { chosen: chosen.filter((label): label is string => typeof label === "string"), text, other }] as const];
  });
  return Object.fromEntries(read);
}

export function choose(draft: QuestionDraft, label: string, multi: boolean): QuestionDraft {
  if (!multi) return { ...draft, chosen: [label], other: false };
  return { ...draft, chosen: draft.chosen.includes(label) ? draft.chosen.filter((other) => other !== label) : [...draft.chosen, label] };
}

export function chooseOther(draft: QuestionDraft, multi: boolean): QuestionDraft {
  return multi ? { ...draft, other: !draft.other } : { ...draft, chosen: [], other: true };
}

export function labelsOf(question: TimelineQuestion, draft: QuestionDraft | undefined): readonly string[] {
  if (!draft) return [];
  // in the order they were offered, whatever the order of the taps
  const chosen = question.options.map((option) => option.label).filter((label) => draft.chosen.includes(label));
  const own = draft.text.trim();
  return own !== "" && (draft.other || question.options.length === 0) ? [...chosen, own] : chosen;
}

export const isComplete = (questions: readonly TimelineQuestion[], drafts: Readonly<Record<string, QuestionDraft>>): boolean =>
  questions.length > 0 && questions.every((question) => question.isOptional || labelsOf(question, drafts[question.id]).length > 0);

export function answersOf(questions: readonly TimelineQuestion[], drafts: Readonly<Record<string, QuestionDraft>>): Answers {
  const given = questions.map((question): [string, string[]] => [question.id, [...labelsOf(question, drafts[question.id])]]);
  return Object.fromEntries(given.filter(([, labels]) => labels.length > 0));
}

/** What an MCP server says of its questions: who it is, and what they are about, unless one of them says it. Null: the agent itself asks. */
export function serverAsks({ input, questions }: Pick<TimelineRequest, "input" | "questions">): {
  server: string | null;
  about: string | null;
} {
  const { server, message } = (typeof input === "object" ? (input ?? {}) : {}) as { server?: unknown; message?: unknown };
  const isSaid = questions.some(({ question }) => typeof message === "string" && question.includes(message));
  return {
    server: typeof server === "string" && server !== "" ? server : null,
    about: typeof message === "string" && !isSaid ? message : null,
  };
}

/** A question in a shape nobody knows still takes an answer: free text under the first index. */
export function askable(request: TimelineRequest): readonly TimelineQuestion[] {
  if (request.questions.length > 0) return request.questions;
  return [{ id: "0", header: null, question: request.title ?? request.object, multiSelect: false, options: [] }];
}

const CLOSED = {
  approved: { terminal: "request.closed.approved.terminal", else: "request.closed.approved" },
  denied: { terminal: "request.closed.denied.terminal", else: "request.closed.denied" },
  sent: { terminal: "request.closed.sent", else: "request.closed.sent" },
  pending: { terminal: "request.closed.sent", else: "request.closed.sent" },
} as const satisfies Record<string, { terminal: MessageKey; else: MessageKey }>;
type ClosedWords = (typeof CLOSED)[keyof typeof CLOSED]["terminal" | "else"] | "request.closed.over";

/** What who answered too late is told: what really happened. */
export function closedWords({ outcome, by }: { outcome: string | null; by?: string | null }): ClosedWords {
  const words = outcome !== null && Object.hasOwn(CLOSED, outcome) ? CLOSED[outcome as keyof typeof CLOSED] : null;
  return words === null ? "request.closed.over" : words[by === "terminal" ? "terminal" : "else"];
}

/** All that is asked: another call under the same id is another thing. */
export const wordsOf = ({ tool, input, diffs, plan }: TimelineRequest): string => JSON.stringify([tool, input, diffs, plan]);

/** Modes to go on with after a plan: planning itself is none of them. */
export const modesAfterPlan = (modes: readonly string[]): readonly string[] => modes.filter((mode) => mode !== "plan");
