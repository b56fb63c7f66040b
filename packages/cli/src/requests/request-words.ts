/** A request on a terminal: all that is asked, with nothing hidden, as a person or a script may allow it. */
import type { TimelineQuestion } from "@hapi/core";
import { systemClock } from "@hapi/platform";
import type { CommandContext } from "../command.ts";
import { sentenceOf } from "../tui/terminal.ts";
import { age } from "../tui/words.ts";
import { questionsIn } from "./given-answers.ts";
import type { OpenRequest } from "./open-requests.ts";

/** Everything that has no form of its own, written out: an escape sequence must neither steer nor hide what would be allowed. */
export const visible = (text: string): string =>
  text.replaceAll(/[^\P{C}\n]/gu, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);

const indented = (text: string, by: string): string => visible(text).split("\n").join(`\n${by}`);

function argumentLines(input: unknown): string[] {
  if (typeof input !== "object" || input === null || Array.isArray(input)) return [indented(JSON.stringify(input) ?? "", "    ")];
  return Object.entries(input).map(([name, value]) => {
    const words = typeof value === "string" ? value : (JSON.stringify(value, null, 2) ?? "");
    const isLong = words.includes("\n");
    return `${visible(name)}:${isLong ? `\n      ${indented(words, "      ")}` : ` ${visible(words)}`}`;
  });
}

/** What stands beside the questions: who asks, and what for. */
function besides(input: unknown): string[] {
  if (typeof input !== "object" || input === null) return [];
  return argumentLines(Object.fromEntries(Object.entries(input).filter(([name]) => name !== "questions" && name !== "question")));
}

function questionLines(question: TimelineQuestion, at: number): string[] {
  const notes = [question.multiSelect ? "several" : "", question.isOptional ? "may be left out" : ""].filter((note) => note !== "");
  const note = notes.length > 0 ? ` (${notes.join(", ")})` : "";
  return [
    `${at + 1}. ${indented(question.question, "       ")}${note}`,
    ...question.options.map(({ label, description }) => {
      const words = description === null || description === "" ? "" : `  ${indented(description, "         ")}`;
      return `   - ${indented(label, "         ")}${words}`;
    }),
    ...(question.isClosed ? [] : [question.options.length > 0 ? "   - or words of your own" : "   - words of your own"]),
  ];
}

/** Its first line is the handle by which it is answered. */
export function requestBlock({ handle, sessionId, session, request, cut }: OpenRequest, { paint }: Pick<CommandContext, "paint">): string {
  const { kind, tool, title, createdAt, sessionScope } = request;
  const since = createdAt === null ? "" : `  ${age(createdAt, systemClock.now())}`;
  const where = `${sessionId.slice(0, 8)}${session === null ? "" : ` ${visible(session).replaceAll("\n", " ")}`}`;
  const questions = kind === "question" ? questionsIn(request) : [];
  const asked = questions.length > 0 ? [...besides(request.input), ...questions.flatMap(questionLines)] : argumentLines(request.input);
  const about = title !== null && questions.every(({ question }) => question !== title) ? [indented(title, "    ")] : [];
  return [
    `${paint.bold(visible(handle))}  ${paint.waiting(kind)}  ${visible(tool)}  ${paint.dim(`${where}${since}`)}`,
    ...[...about, ...asked].map((line) => `    ${line}`),
    ...(sessionScope === null ? [] : [paint.dim(`    --for-session would allow: ${indented(sessionScope, "    ")}`)]),
    ...(cut === null ? [] : [paint.bad(`    Only a part of it could be read, so it can't be allowed here: ${sentenceOf(cut)}`)]),
  ].join("\n");
}

/** For scripts. `request`: the handle; `arguments`: all that is asked, unless `shortened`. */
export function requestJson({ handle, sessionId, session, request, cut }: OpenRequest) {
  const { id, kind, tool, title, input, digest, createdAt, sessionScope } = request;
  return {
    request: handle,
    id,
    sessionId,
    session,
    kind,
    tool,
    title,
    arguments: input,
    questions: kind === "question" ? questionsIn(request) : [],
    sessionScope,
    digest,
    shortened: cut !== null || request.shortened,
    createdAt,
  };
}
