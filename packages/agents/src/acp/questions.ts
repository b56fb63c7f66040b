/**
 * Questions of an ACP agent: `elicitation/create` (a form, or an address to open), and permissions that are questions by their `_meta`. What a
 * person answers goes back in the agent's own values.
 */
import type { AgentRequest, RequestAnswer } from "../driver.ts";
import { fields, filled, list, text, type Fields } from "../shared/read.ts";
import type { FormField, OpenRequest } from "./state.ts";
import type { Reply } from "./requests.ts";

/** The wire's names for tools that ask a person for words; existing clients know their arguments. */
const QUESTION_TOOL = "AskUserQuestion";
/** The one thing to answer where an address is to be opened; nothing is opened by HAPI. */
const OPENED = "I have opened it";

export type AskedQuestion = { request: Omit<AgentRequest, "id">; ask: OpenRequest["ask"] };

const asQuestions = (form: readonly FormField[]) => ({
  questions: form.map((field) => ({
    id: field.name,
    question: field.question,
    header: field.name,
    multiSelect: field.type === "array",
    options: field.options.map(({ label, description }) => ({ label, description: description ?? "" })),
  })),
});

/** Null: of a mode that is not known here. */
export function elicitation(params: Fields): AskedQuestion | null {
  const message = filled(params["message"]) ?? "The agent asks";
  const request = { kind: "question" as const, tool: QUESTION_TOOL, title: message };
  if (params["mode"] === "url") {
    const url = filled(params["url"]) ?? "";
    const opened = { label: OPENED, description: url };
    const questions = [{ id: "url", question: `${message} ${url}`, header: "url", multiSelect: false, options: [opened] }];
    return {
      request: { ...request, input: { questions, url } },
      ask: { type: "url", elicitationId: filled(params["elicitationId"]) ?? null },
    };
  }
  if (params["mode"] !== "form") return null;
  const properties = fields(fields(params["requestedSchema"])["properties"]);
  const form = Object.entries(properties)
    .slice(0, 20)
    .map(([name, schema]) => readField(name, fields(schema), message));
  return { request: { ...request, input: asQuestions(form) }, ask: { type: "form", fields: form } };
}

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
  input: asQuestions(form),
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

export function formReply(form: readonly FormField[], answer: RequestAnswer): Reply {
  if (answer.behavior === "deny")
    return { result: { action: "decline" }, outcome: "denied", ...(answer.reason ? { reason: answer.reason } : {}) };
  const content: Record<string, unknown> = {};
  for (const [index, field] of form.entries()) {
    const values = givenFor(answer.answers, field, index);
    if (values) content[field.name] = convert(field, values);
  }
  return { result: { action: "accept", content }, outcome: "approved" };
}

export function urlReply(answer: RequestAnswer): Reply {
  if (answer.behavior === "deny")
    return { result: { action: "decline" }, outcome: "denied", ...(answer.reason ? { reason: answer.reason } : {}) };
  return { result: { action: "accept" }, outcome: "approved" };
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

const valuesOf = (field: FormField, given: readonly string[]): string[] =>
  given.map((label) => field.options.find((option) => option.label === label)?.value ?? label);

function convert(field: FormField, given: readonly string[]): unknown {
  const values = valuesOf(field, given);
  const [first = ""] = values;
  if (field.type === "array") return values;
  if (field.type === "boolean") return first === "true";
  return field.type === "number" || field.type === "integer" ? Number(first) : first;
}
