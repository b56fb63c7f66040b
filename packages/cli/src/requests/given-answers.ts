/** `--answer "question=choice"`: which of a request's questions each word answers, and whether that can be an answer to it. Pure. */
import type { TimelineQuestion, TimelineRequest } from "@hapi/core";
import { AppError } from "@hapi/protocol";

/** A question in a shape nobody knows still takes an answer: free text under the first index. */
export function questionsIn({ kind, questions, title, object }: TimelineRequest): readonly TimelineQuestion[] {
  if (kind !== "question" || questions.length > 0) return questions;
  return [{ id: "0", header: null, question: title ?? object, multiSelect: false, options: [] }];
}

/** By question. @throws AppError `invalid_query` for what answers nothing, what can't be an answer, and questions that are left open */
export function givenAnswers(questions: readonly TimelineQuestion[], words: readonly string[]): Record<string, string[]> {
  const given = new Map<TimelineQuestion, string[]>();
  for (const word of words) {
    const [question, choice] = partsOf(questions, word);
    given.set(question, [...(given.get(question) ?? []), checked(question, choice)]);
  }
  for (const question of questions) checkCount(question, given.get(question)?.length ?? 0);
  return Object.fromEntries([...given].map(([{ id }, choices]) => [id, choices]));
}

/** A question goes by its place from 1, its id, its heading or its words; the only one needs no name. */
function partsOf(questions: readonly TimelineQuestion[], word: string): [TimelineQuestion, string] {
  for (let at = word.indexOf("="); at >= 0; at = word.indexOf("=", at + 1)) {
    const name = word.slice(0, at).trim();
    const named = questionNamed(questions, name);
    if (named) return [named, word.slice(at + 1).trim()];
  }
  const [only] = questions;
  if (only && questions.length === 1) return [only, word.trim()];
  throw new AppError("invalid_query", `"${word}" answers none of the questions. Say which, by its number: --answer "1=${word}"`);
}

function questionNamed(questions: readonly TimelineQuestion[], name: string): TimelineQuestion | undefined {
  const placed = /^[1-9]\d*$/.test(name) ? questions[Number(name) - 1] : undefined;
  if (placed || name === "") return placed;
  const called = questions.filter(({ id, header, question }) => name === id || name === header || name === question);
  if (called.length < 2) return called[0];
  throw new AppError("invalid_query", `"${name}" names ${called.length} of the questions; say the number instead: --answer "1=…"`);
}

function checked({ question, options, isClosed }: TimelineQuestion, choice: string): string {
  const label = options.find((option) => option.label === choice)?.label;
  if (choice !== "" && (label !== undefined || !isClosed)) return choice;
  const offered = options.map((option) => `"${option.label}"`).join(", ");
  throw new AppError("invalid_query", isClosed ? `"${question}" takes one of: ${offered}` : `An empty word is no answer to "${question}"`);
}

function checkCount({ question, multiSelect, isOptional, options }: TimelineQuestion, count: number): void {
  if (count > 1 && !multiSelect) throw new AppError("invalid_query", `"${question}" takes one answer; ${count} were given`);
  if (count > 0 || isOptional) return;
  const example = options[0]?.label ?? "…";
  throw new AppError("invalid_query", `"${question}" needs an answer: --answer "${example}", or with its number: --answer "1=${example}"`);
}
