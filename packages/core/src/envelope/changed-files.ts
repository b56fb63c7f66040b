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

const pathKeys = ["file_path", "filePath", "notebook_path", "path", "target_file"] as const;
const moveKeys = ["source", "destination", "old_path", "new_path", "from", "to"] as const;

const pathOf = (fields: Record<string, unknown>): string | undefined => firstName(fields, ...pathKeys);

/** On the way of every row: it makes nothing that it does not need. */
export function filesOfCall({ kind, input, locations }: Call): string[] {
  const found: string[] = [];
  if (!changing.has(kind)) return found;
  const add = (path: string | undefined): void => void (path !== undefined && found.push(path));
  const fields = record(input);
  if (locations) for (const { path } of locations) add(path);
  add(pathOf(fields));
  if (kind === "move") for (const key of moveKeys) add(name(fields[key]));
  for (const edit of list(fields.edits)) add(pathOf(record(edit)));
  if (isRecord(fields.changes)) found.push(...Object.keys(fields.changes));
  const patch = text(input) ?? text(fields.patch) ?? text(fields.input);
  if (patch !== undefined) for (const [, path = ""] of patch.matchAll(patchLine)) add(path.trim());
  return found;
}

export const filesOfResult = (content: readonly ToolContent[] | undefined): string[] =>
  (content ?? []).flatMap((part) => (part.type === "diff" ? [part.path] : []));

/** Each once, the first `MAX_FACT_FILES`, and how many more there are. */
export function namedFiles(paths: readonly string[]): { files?: string[]; moreFiles?: number } {
  if (paths.length === 0) return {};
  const files = [...new Set(paths)].filter((path) => path !== "");
  if (files.length === 0) return {};
  const more = files.length - MAX_FACT_FILES;
  return more <= 0 ? { files } : { files: files.slice(0, MAX_FACT_FILES), moreFiles: more };
}
