/**
 * What an MCP server asks a person through its agent (MCP 2025-06-18 and later, `elicitation/create`): a form of flat fields, or an address to open. As a
 * question on the wire of HAPI, and the answer in the server's own values. Pure.
 */
import { AppError } from "@hapi/protocol";
import type { AgentRequest, RequestAnswer } from "../driver.ts";
import { fields, type Fields, filled, list, text } from "./read.ts";

/** The wire's name for tools that ask a person for words; existing clients know its arguments. */
export const QUESTION_TOOL = "AskUserQuestion";
/** The one thing to answer where an address is to be opened; nothing is opened by HAPI. */
const OPENED = "I have opened it";
/** The same where a form has no fields: the server asks for nothing but a yes. */
const AGREED = "Yes";
const MAX_FIELDS = 20;

export interface FormField {
  name: string;
  question: string;
  /** As JSON Schema has it: `string`, `number`, `integer`, `boolean`, `array`. */
  type: string;
  options: { label: string; value: string; description?: string }[];
  /** The server takes no form without it. */
  required?: boolean;
}

export type Elicited = { type: "form"; fields: FormField[] } | { type: "url"; elicitationId: string | null };

export interface Elicitation {
  request: Omit<AgentRequest, "id">;
  ask: Elicited;
}

/**
 * `{mode, message, requestedSchema | url, elicitationId}`; null: of a mode that is not known here. A form is the mode of who names none. `server`: who
 * asks, where that is known; whoever answers must not take it for the agent.
 */
export function elicitation(params: Fields, server?: string): Elicitation | null {
  const message = filled(params["message"]) ?? "The agent asks";
  const request = { kind: "question" as const, tool: QUESTION_TOOL, title: message };
  const asker = { message, ...(server === undefined ? {} : { server }) };
  const mode = params["mode"] ?? "form";
  if (mode === "url") {
    const url = filled(params["url"]) ?? "";
    return {
      request: {
        ...request,
        input: { questions: [onlyOne("url", `${message} ${url}`, { label: OPENED, description: url })], ...asker, url },
      },
      ask: { type: "url", elicitationId: filled(params["elicitationId"]) ?? null },
    };
  }
  if (mode !== "form") return null;
  const schema = fields(params["requestedSchema"]);
  const required = list(schema["required"]);
  const form = Object.entries(fields(schema["properties"]))
    .slice(0, MAX_FIELDS)
    .map(([name, field]) => ({ ...readField(name, fields(field), message), ...(required.includes(name) ? { required: true } : {}) }));
  const input =
    form.length > 0 ? { questions: form.map(askedField) } : { questions: [onlyOne("agreed", message, { label: AGREED, description: "" })] };
  return { request: { ...request, input: { ...input, ...asker } }, ask: { type: "form", fields: form } };
}

const onlyOne = (id: string, question: string, option: { label: string; description: string }) => ({
  id,
  question,
  multiSelect: false,
  closed: true,
  options: [option],
});

export const asQuestion = (field: FormField) => ({
  id: field.name,
  question: field.question,
  header: field.name,
  multiSelect: field.type === "array",
  options: field.options.map(({ label, description }) => ({ label, description: description ?? "" })),
});

/** `closed`: no other words are an answer; `optional`: none is one, too. */
const askedField = (field: FormField) => ({
  ...asQuestion(field),
  ...(field.options.length > 0 ? { closed: true } : {}),
  ...(field.required ? {} : { optional: true }),
});

function readField(name: string, schema: Fields, message: string): FormField {
  const type = text(schema["type"]) ?? "string";
  const options = type === "boolean" ? YES_NO : optionsOf(type === "array" ? fields(schema["items"]) : schema);
  return { name, type, question: filled(schema["title"]) ?? filled(schema["description"]) ?? message, options };
}

const YES_NO = [
  { label: "Yes", value: "true" },
  { label: "No", value: "false" },
];

/** The words for values: beside each (`oneOf`, `anyOf`), in a list of their own (`enumNames`), or the values themselves. */
function optionsOf(schema: Fields): FormField["options"] {
  const titled = list(schema["oneOf"] ?? schema["anyOf"]).map(fields);
  if (titled.length > 0)
    return titled.flatMap(({ const: value, title }) => (typeof value === "string" ? [{ label: filled(title) ?? value, value }] : []));
  const names = list(schema["enumNames"]);
  return list(schema["enum"]).flatMap((value, at) => (typeof value === "string" ? [{ label: filled(names[at]) ?? value, value }] : []));
}

export type ElicitationReply = { action: "accept"; content?: Record<string, unknown> } | { action: "decline" };

/** @throws AppError `invalid_body` for a form that the server could not take; the question stays open. */
export function elicitationReply(ask: Elicited, answer: RequestAnswer): ElicitationReply {
  if (answer.behavior === "deny") return { action: "decline" };
  if (ask.type === "url") return { action: "accept" };
  const content: Record<string, unknown> = {};
  for (const [index, field] of ask.fields.entries()) {
    const values = givenFor(answer.answers, field, index);
    if (values) content[field.name] = convert(field, values);
    else if (field.required) throw new AppError("invalid_body", `"${field.question}" needs an answer`);
  }
  return { action: "accept", content };
}

/** The content of an answer in words: one line per question. */
export function answeredWords(form: readonly FormField[], content: unknown): string {
  const given = fields(content);
  return form
    .flatMap((field) => {
      const value = given[field.name];
      if (value === undefined) return [];
      const labels = (Array.isArray(value) ? list(value) : [value]).map((one) => labelOf(field, String(one)));
      return [`${field.question}: ${labels.join(", ")}`];
    })
    .join("\n");
}

const labelOf = (field: FormField, value: string): string => field.options.find((option) => option.value === value)?.label ?? value;

/** Clients key answers by the question's place, its words, or its name. */
export function givenFor(answers: unknown, field: FormField, index: number): string[] | null {
  const given = fields(answers);
  for (const key of [field.name, field.question, String(index)]) {
    const value = given[key];
    const found = Array.isArray(value) ? value : list(fields(value)["answers"]);
    if (found.length > 0) return found.map(String);
  }
  return null;
}

export const valuesOf = (field: FormField, given: readonly string[]): string[] =>
  given.map((label) => field.options.find((option) => option.label === label)?.value ?? label);

function convert(field: FormField, given: readonly string[]): unknown {
  const values = valuesOf(field, given);
  const other = values.find((value) => field.options.length > 0 && !field.options.some((option) => option.value === value));
  if (other !== undefined)
    throw new AppError("invalid_body", `"${field.question}" takes one of: ${field.options.map(({ label }) => label).join(", ")}`);
  const [first = ""] = values;
  if (field.type === "array") return values;
  if (field.type === "boolean") return first === "true";
  return field.type === "number" || field.type === "integer" ? numberOf(field, first) : first;
}

function numberOf({ question, type }: FormField, words: string): number {
  const value = words.trim() === "" ? Number.NaN : Number(words);
  if (type === "integer" ? Number.isSafeInteger(value) : Number.isFinite(value)) return value;
  throw new AppError("invalid_body", `"${question}" takes a ${type === "integer" ? "whole number" : "number"}`);
}
