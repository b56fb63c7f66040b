/** What a request is about, in words and views, and what a person has entered so far. Pure. */
import type { TimelineQuestion, TimelineRequest } from "@hapi/core";
import type { Answers } from "@hapi/protocol";

/** Which sentence introduces a permission. */
export type Wish = "command" | "commandIn" | "edit" | "create" | "delete" | "move" | "read" | "search" | "fetch" | "agent" | "tool";

export function wishOf(request: TimelineRequest, directory: string): Wish {
  switch (request.toolKind) {
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
      return request.toolKind;
    case "todo":
    case "question":
    case "plan":
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
  questions.length > 0 && questions.every((question) => labelsOf(question, drafts[question.id]).length > 0);

export function answersOf(questions: readonly TimelineQuestion[], drafts: Readonly<Record<string, QuestionDraft>>): Answers {
  return Object.fromEntries(questions.map((question) => [question.id, [...labelsOf(question, drafts[question.id])]]));
}

/** A question in a shape nobody knows still takes an answer: free text under the first index. */
export function askable(request: TimelineRequest): readonly TimelineQuestion[] {
  if (request.questions.length > 0) return request.questions;
  return [{ id: "0", header: null, question: request.title ?? request.object, multiSelect: false, options: [] }];
}

/** Modes to go on with after a plan: planning itself is none of them. */
export const modesAfterPlan = (modes: readonly string[]): readonly string[] => modes.filter((mode) => mode !== "plan");
