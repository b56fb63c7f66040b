/** Which files a tool call would change, from the shapes that agents give it; and which its result says it changed. Paths as they stand. */
import { MAX_FACT_FILES, type ToolContent, type ToolKind } from "@hapi/protocol";
import { firstName, isRecord, list, name, record, text } from "./read.ts";

const changing: ReadonlySet<ToolKind> = new Set(["edit", "delete", "move"]);

/** The lines of a patch that name a file. */
const patchLine = /^\*\*\* (?:(?:Add|Update|Delete) File|Move to): (.+)$/gm;

interface Call {
  kind: ToolKind;
  input: unknown;
  locations?: { path: string }[];
}

const pathOf = (fields: Record<string, unknown>): string | undefined =>
  firstName(fields, "file_path", "filePath", "notebook_path", "path", "target_file");

export function filesOfCall({ kind, input, locations }: Call): string[] {
  if (!changing.has(kind)) return [];
  const fields = record(input);
  const moves = ["source", "destination", "old_path", "new_path", "from", "to"].flatMap((key) =>
    kind === "move" ? (name(fields[key]) ?? []) : [],
  );
  const patch = text(input) ?? text(fields.patch) ?? text(fields.input) ?? "";
  return [
    ...(locations ?? []).map(({ path }) => path),
    ...[pathOf(fields) ?? []].flat(),
    ...moves,
    ...list(fields.edits).flatMap((edit) => pathOf(record(edit)) ?? []),
    ...(isRecord(fields.changes) ? Object.keys(fields.changes) : []),
    ...[...patch.matchAll(patchLine)].map(([, path = ""]) => path.trim()),
  ];
}

export const filesOfResult = (content: readonly ToolContent[] | undefined): string[] =>
  (content ?? []).flatMap((part) => (part.type === "diff" ? [part.path] : []));

/** Each once, the first `MAX_FACT_FILES`, and how many more there are. */
export function namedFiles(paths: readonly string[]): { files?: string[]; moreFiles?: number } {
  const files = [...new Set(paths)].filter((path) => path !== "");
  if (files.length === 0) return {};
  const more = files.length - MAX_FACT_FILES;
  return more <= 0 ? { files } : { files: files.slice(0, MAX_FACT_FILES), moreFiles: more };
}
