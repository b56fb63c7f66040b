/** What kind of tool a name stands for and one line about a call, for rows of clients that don't say so themselves. */
import { TOOL_KINDS, type ToolKind } from "@hapi/protocol";
import { firstName, isRecord, number, record } from "./read.ts";
import { shortText } from "../text.ts";

const kindByName: Record<string, ToolKind> = {
  bash: "execute",
  shell: "execute",
  command: "execute",
  exec: "execute",
  exec_command: "execute",
  execute: "execute",
  run_command: "execute",
  run_shell_command: "execute",
  run_terminal_cmd: "execute",
  local_shell: "execute",
  bashoutput: "execute",
  killshell: "execute",
  monitor: "execute",
  read: "read",
  read_file: "read",
  readfile: "read",
  read_many_files: "read",
  view: "read",
  cat: "read",
  notebookread: "read",
  ls: "search",
  list: "search",
  list_directory: "search",
  glob: "search",
  grep: "search",
  find: "search",
  search: "search",
  ripgrep: "search",
  search_file_content: "search",
  codebase_search: "search",
  toolsearch: "search",
  websearch: "fetch",
  web_search: "fetch",
  google_web_search: "fetch",
  webfetch: "fetch",
  web_fetch: "fetch",
  fetch: "fetch",
  edit: "edit",
  edit_file: "edit",
  multiedit: "edit",
  notebookedit: "edit",
  write: "edit",
  write_file: "edit",
  create: "edit",
  create_file: "edit",
  patch: "edit",
  apply_patch: "edit",
  replace: "edit",
  str_replace: "edit",
  delete: "delete",
  delete_file: "delete",
  move: "move",
  rename: "move",
  think: "think",
  task: "agent",
  agent: "agent",
  todowrite: "todo",
  todo_write: "todo",
  write_todos: "todo",
  todoread: "todo",
  taskcreate: "todo",
  taskupdate: "todo",
  tasklist: "todo",
  taskget: "todo",
  update_plan: "todo",
  askuserquestion: "question",
  ask_user_question: "question",
  request_user_input: "question",
  exitplanmode: "plan",
  exit_plan_mode: "plan",
  enterplanmode: "plan",
};

/** `nativeKind` when it is one of ours; else by name; else `other`. */
export function toolKindOf(tool: string, nativeKind?: unknown): ToolKind {
  const known = TOOL_KINDS.find((kind) => kind === nativeKind);
  if (known && known !== "other") return known;
  const byName = Object.hasOwn(kindByName, tool.toLowerCase()) ? kindByName[tool.toLowerCase()] : undefined;
  return byName ?? known ?? "other";
}

const objectKeys = [
  "file_path",
  "filePath",
  "notebook_path",
  "path",
  "command",
  "cmd",
  "pattern",
  "query",
  "url",
  "description",
  "subject",
  "title",
] as const;

const MAX_TITLE = 200;

/** What the call is about: the path, command, pattern or sentence in its input. Empty when nothing in it says so. */
export function toolObjectOf(input: unknown): string {
  const fields = record(input);
  const command = Array.isArray(fields.command) ? fields.command.filter((word) => typeof word === "string").join(" ") : undefined;
  const found = firstName(fields, ...objectKeys) ?? command ?? "";
  const line = found.trim().split("\n", 1)[0] ?? "";
  return shortText(line, MAX_TITLE);
}

export function toolTitleOf(tool: string, input: unknown): string {
  return toolObjectOf(input) || tool;
}

export function toolLocationsOf(value: unknown): { path: string; line?: number }[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.flatMap((entry) => {
    if (!isRecord(entry) || typeof entry.path !== "string") return [];
    const line = number(entry.line);
    return [line === undefined ? { path: entry.path } : { path: entry.path, line }];
  });
}
