/**
 * Facts about a tool call for its open card. The view is chosen by the call's kind and reads inputs it does not know the shape of: every
 * reader here takes `unknown` and answers with something that can be shown. Pure.
 */
import { isRecord, cutText, planEntriesOf, type ToolItem } from "@hapi/core";
import type { TodoItem, ToolContent } from "@hapi/protocol";
import { textField } from "./tool.model.ts";

export interface ShellFacts {
  command: string;
  cwd: string | null;
  description: string | null;
  output: string;
  exitCode: number | null;
}

export function commandOf(input: unknown): string | null {
  if (typeof input === "string") return input;
  const words = isRecord(input) ? (input["command"] ?? input["cmd"]) : null;
  if (Array.isArray(words)) return words.filter((word) => typeof word === "string").join(" ");
  return textField(input, "command", "cmd", "script");
}

export const cwdOf = (input: unknown): string | null => textField(input, "cwd", "workdir", "directory", "working_directory", "dir_path");

export function shellFacts(item: Pick<ToolItem, "input" | "object" | "output" | "liveOutput" | "content">): ShellFacts {
  const terminal = item.content.find((part): part is Extract<ToolContent, { type: "terminal" }> => part.type === "terminal");
  const stored = terminal ? [terminal.stdout, terminal.stderr].filter(Boolean).join("\n") : item.output;
  return {
    command: commandOf(item.input) ?? terminal?.command ?? item.object,
    cwd: cwdOf(item.input),
    description: textField(item.input, "description"),
    output: stored ?? item.liveOutput ?? "",
    exitCode: terminal?.exitCode ?? null,
  };
}

/** Readers number their lines ("   12→text", "12\ttext"); the view has no use for that, and the highlighter even less. */
export function stripLineNumbers(output: string): string {
  const lines = output.split("\n");
  const numbered = /^\s*\d+[→\t|:] ?/;
  const body = lines.filter((line) => line.trim() !== "");
  if (body.length === 0 || !body.every((line) => numbered.test(line))) return output;
  return lines.map((line) => line.replace(/^\s*\d+(?:→|\t|\| ?|: ?)/, "")).join("\n");
}

export interface Clipped {
  text: string;
  /** Lines that are not shown. */
  hidden: number;
  total: number;
}

/** The end of a text: a command's last lines say what came of it. */
export function tailLines(text: string, count: number): Clipped {
  const lines = (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n");
  const hidden = Math.max(0, lines.length - count);
  return { text: hidden > 0 ? lines.slice(hidden).join("\n") : lines.join("\n"), hidden, total: lines.length };
}

const MAX_JSON = 200_000;

/** JSON for people; whatever can't be written as JSON is written as text. */
/** Nothing is cut: for what is to be allowed. */
export function wholeJson(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value, null, 2) ?? String(value));
}

export function prettyJson(value: unknown): string {
  const text = wholeJson(value);
  if (typeof value === "string") return text;
  return text.length > MAX_JSON ? `${cutText(text, MAX_JSON)}\n…` : text;
}

/** Only pictures a browser draws by itself; an SVG could carry script. */
const IMAGE_TYPES: ReadonlySet<string> = new Set(["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"]);

export function imageSource(part: { mimeType: string; data: string }): string | null {
  return IMAGE_TYPES.has(part.mimeType) && /^[A-Za-z0-9+/=\s]+$/.test(part.data) ? `data:${part.mimeType};base64,${part.data}` : null;
}

export interface InputFact {
  name: string;
  value: string;
}

/** Short values of an unknown input as name and value, so that a small call need not be read as JSON. Null when it is not that simple. */
export function simpleInput(input: unknown): readonly InputFact[] | null {
  if (!isRecord(input)) return null;
  const entries = Object.entries(input);
  if (entries.length === 0 || entries.length > 8) return null;
  const facts: InputFact[] = [];
  for (const [name, value] of entries) {
    if (typeof value === "string" && value.length <= 300) facts.push({ name, value });
    else if (typeof value === "number" || typeof value === "boolean") facts.push({ name, value: String(value) });
    else return null;
  }
  return facts;
}

/** The list a to-do tool was given, under whatever name. */
export function todosOf(input: unknown): readonly TodoItem[] {
  if (Array.isArray(input)) return planEntriesOf(input);
  if (!isRecord(input)) return [];
  return planEntriesOf(["todos", "entries", "plan", "items", "tasks"].map((name) => input[name]).find(Array.isArray));
}
