/** What a tool row says: object, the change it makes, and what came of it, as facts for a screen to word. Pure, from the call and its result. */
import type { EditPlace, ToolContent, ToolKind } from "@hapi/protocol";
import { firstName, isRecord, list, name, record, text } from "../envelope/read.ts";
import { toolObjectOf } from "../envelope/tools.ts";
import type { ToolDiff, ToolStatus, ToolSummary } from "./view-model.ts";
import { shortText } from "../text.ts";

/** A path below the root without it; other text as it is. */
export function relativeTo(root: string | null | undefined, object: string): string {
  if (!root || root === "/") return object;
  const base = root.endsWith("/") ? root.slice(0, -1) : root;
  return object.startsWith(`${base}/`) ? object.slice(base.length + 1) : object;
}

export function objectOf(call: { kind: ToolKind; tool: string; title: string; input: unknown }, root: string | null | undefined): string {
  const fields = record(call.input);
  if (call.kind === "agent") return firstName(fields, "description", "title") ?? (call.title || call.tool);
  if (call.kind === "question") {
    const first = record(list(fields.questions)[0]);
    return name(first.question) ?? name(fields.question) ?? call.title;
  }
  const fromInput = toolObjectOf(call.input);
  return relativeTo(root, fromInput || call.title || call.tool);
}

/** Edits that come as a list inside one call. */
const MAX_DIFFS = 100;

function diffFrom(fields: Record<string, unknown>, path: string | undefined): ToolDiff | null {
  const target = firstName(fields, "file_path", "filePath", "notebook_path", "path") ?? path;
  if (target === undefined) return null;
  const oldText = text(fields.old_string) ?? text(fields.oldString) ?? text(fields.oldText) ?? text(fields.old_str);
  const newText = text(fields.new_string) ?? text(fields.newString) ?? text(fields.newText) ?? text(fields.new_str);
  if (newText !== undefined) return { path: target, oldText: oldText ?? null, newText };
  const whole = text(fields.content) ?? text(fields.new_source) ?? text(fields.file_text);
  return whole === undefined ? null : { path: target, oldText: null, newText: whole };
}

/** The file changes an edit's input asks for. Empty when the shape is not known. */
export function diffsOfInput(kind: ToolKind, input: unknown): ToolDiff[] {
  if (kind !== "edit") return [];
  const fields = record(input);
  const path = firstName(fields, "file_path", "filePath", "path");
  const several = list(fields.edits)
    .slice(0, MAX_DIFFS)
    .flatMap((entry) => diffFrom(record(entry), path) ?? []);
  if (several.length > 0) return several;
  const one = diffFrom(fields, undefined);
  return one ? [one] : [];
}

/** The changes with the lines around them, where the session said where they stand. */
export function inPlace(diffs: ToolDiff[], places: readonly (EditPlace | null)[] | undefined): ToolDiff[] {
  return diffs.map((diff, at) => {
    const place = places?.[at];
    if (!isRecord(place)) return diff;
    const { line, before, after, old } = place;
    if (diff.oldText === null) return typeof old === "string" ? { ...diff, oldText: old } : diff;
    if (typeof line !== "number" || typeof before !== "string" || typeof after !== "string") return diff;
    return { ...diff, oldText: before + diff.oldText + after, newText: before + diff.newText + after, oldStart: line, newStart: line };
  });
}

export function diffsOfContent(content: readonly ToolContent[]): ToolDiff[] {
  return content.flatMap((part) => {
    if (part.type !== "diff") return [];
    const { type: _, ...diff } = part;
    return [diff];
  });
}

function lines(source: string): string[] {
  if (source === "") return [];
  return (source.endsWith("\n") ? source.slice(0, -1) : source).split("\n");
}

/** Longer edits are counted, not compared: the number in a row is not worth the time. */
const MAX_COMPARED_LINES = 2000;

/** Added and removed lines, common beginning and end left out. */
export function diffCounts(diff: ToolDiff): { added: number; removed: number } {
  const before = diff.oldText === null ? [] : lines(diff.oldText);
  const after = lines(diff.newText);
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < before.length - start && end < after.length - start && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  const oldMiddle = before.slice(start, before.length - end);
  const newMiddle = after.slice(start, after.length - end);
  const common = oldMiddle.length + newMiddle.length > MAX_COMPARED_LINES ? 0 : commonLines(oldMiddle, newMiddle);
  return { added: newMiddle.length - common, removed: oldMiddle.length - common };
}

/** Length of the longest common subsequence. */
function commonLines(a: readonly string[], b: readonly string[]): number {
  let row: number[] = Array.from({ length: b.length + 1 }, () => 0);
  for (const line of a) {
    const next = [0];
    for (let column = 1; column <= b.length; column += 1) {
      next[column] = line === b[column - 1] ? row[column - 1]! + 1 : Math.max(row[column]!, next[column - 1]!);
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

const MAX_SUMMARY = 120;

function firstLine(output: string): string {
  const line =
    output
      .split("\n")
      .find((candidate) => candidate.trim() !== "")
      ?.trim() ?? "";
  return shortText(line, MAX_SUMMARY);
}

export interface Outcome {
  kind: ToolKind;
  status: ToolStatus;
  output: string;
  content: readonly ToolContent[];
  diffs: readonly ToolDiff[];
}

/** What came of a finished call; null: nothing worth a word. */
export function summaryOf(outcome: Outcome): ToolSummary | null {
  const { kind, status, output } = outcome;
  if (status === "denied" || status === "cancelled") return null;
  const exitCode = outcome.content.find((part) => part.type === "terminal")?.exitCode;
  if (kind === "execute") return executed(output, exitCode ?? toldExit(output), status);
  if (status === "failed") return said(output);
  switch (kind) {
    case "read":
      return output === "" ? null : { what: "lines", count: lines(output).length };
    case "search":
      return output === "" ? { what: "nothing" } : { what: "lines", count: lines(output).length };
    case "edit":
      return edited(outcome.diffs);
    default:
      return null;
  }
}

function said(output: string): ToolSummary | null {
  const line = firstLine(output);
  return line === "" ? null : { what: "said", text: line };
}

/** Some agents tell it in words, as the first line of what a command printed. */
function toldExit(output: string): number | null {
  const told = /^exit(?:ed with)?(?: code)?:? (-?\d+)$/i.exec(firstLine(output))?.[1];
  return told === undefined ? null : Number(told);
}

function executed(output: string, exitCode: number | null, status: ToolStatus): ToolSummary | null {
  if (exitCode !== null && exitCode !== 0) return { what: "exit", code: exitCode };
  if (status === "failed") return said(output) ?? { what: "failed" };
  const amount = lines(output).length;
  return amount <= 1 ? said(output) : { what: "lines", count: amount };
}

function edited(diffs: readonly ToolDiff[]): ToolSummary | null {
  if (diffs.length === 0) return null;
  const total = diffs.map(diffCounts).reduce((sum, one) => ({ added: sum.added + one.added, removed: sum.removed + one.removed }));
  return { what: "changed", ...total };
}

export function questionsOf(input: unknown) {
  const fields = record(input);
  const asked = Array.isArray(fields.questions) ? fields.questions : typeof fields.question === "string" ? [fields] : [];
  return asked.flatMap((entry, index) => {
    if (!isRecord(entry)) return [];
    const question = firstName(entry, "question", "prompt", "title");
    if (question === undefined) return [];
    return [
      {
        // answers are keyed by position, or by the question's own id where it has one
        id: name(entry.id) ?? String(index),
        header: name(entry.header) ?? null,
        question,
        multiSelect: entry.multiSelect === true || entry.multiple === true,
        ...(entry.closed === true ? { isClosed: true as const } : {}),
        ...(entry.optional === true ? { isOptional: true as const } : {}),
        options: list(entry.options).flatMap((option) => {
          const label = typeof option === "string" ? option : firstName(record(option), "label", "name", "value");
          return label === undefined ? [] : [{ label, description: name(record(option).description) ?? null }];
        }),
      },
    ];
  });
}
