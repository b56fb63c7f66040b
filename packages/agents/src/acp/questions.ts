/**
 * Questions of an ACP agent: `elicitation/create` (a form, or an address to open), and permissions that are questions by their `_meta`. What a
 * person answers goes back in the agent's own values.
 */
import type { AgentRequest, RequestAnswer } from "../driver.ts";
import { asQuestion, type Elicited, elicitationReply, type FormField, givenFor, QUESTION_TOOL, valuesOf } from "../shared/elicitation.ts";
import { fields, filled, list, text } from "../shared/read.ts";
import type { OpenRequest } from "./state.ts";
import type { Reply } from "./requests.ts";

export type AskedQuestion = { request: Omit<AgentRequest, "id">; ask: OpenRequest["ask"] };

/** A permission that carries questions: in the wire's own words for them. Null: it carries none. */
export function questionsIn(value: unknown): FormField[] | null {
  const asked = list(value).map(fields).slice(0, 20);
  if (asked.length === 0) return null;
  return asked.map((one, index) => ({
    name: String(index),
    question: filled(one["question"]) ?? "The agent asks",
    type: one["multiSelect"] === true ? "array" : "string",
    options: list(one["options"])
      .map(fields)
      .flatMap((option) => {
        const label = filled(option["label"]);
        return label === undefined ? [] : [{ label, value: label, description: text(option["description"]) ?? "" }];
      }),
  }));
}

export const questionRequest = (form: readonly FormField[], title: string): Omit<AgentRequest, "id"> => ({
  kind: "question",
  tool: QUESTION_TOOL,
  title,
  input: { questions: form.map(asQuestion) },
});

/** What was answered, in the agent's own values. */
export function answersOf(form: readonly FormField[], answers: unknown): { name: string; values: string[] }[] {
  return form.flatMap((field, index) => {
    const given = givenFor(answers, field, index);
    return given ? [{ name: field.name, values: valuesOf(field, given) }] : [];
  });
}

/** By the question's place, as one string each. */
export function answersByPlace(form: readonly FormField[], answers: unknown): Record<string, string> {
  return Object.fromEntries(
    form.flatMap((field, index) => {
      const given = givenFor(answers, field, index);
      return given ? [[String(index), given.join(", ")]] : [];
    }),
  );
}

export function answeredElicitation(ask: Elicited, answer: RequestAnswer): Reply {
  const reason = answer.behavior === "deny" && answer.reason ? { reason: answer.reason } : {};
  return { result: elicitationReply(ask, answer), outcome: answer.behavior === "deny" ? "denied" : "approved", ...reason };
}
