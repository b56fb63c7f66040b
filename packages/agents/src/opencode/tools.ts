/** A tool part → the call, what it shows while it runs, its result; a to-do list is a plan as well. Keyed by the part's id, named by the call's. */
import { cutText, planEntriesOf, toolTitleOf } from "@hapi/core";
import type { AgentEvent, ToolContent, ToolKind } from "@hapi/protocol";
import { fields, filled, list, number, text, type Fields } from "../shared/read.ts";
import type { Part } from "./mirror.ts";
import type { Translation } from "./state.ts";

const MAX_OUTPUT = 256 * 1024;

/** OpenCode's own tools; what is not here (MCP servers, plugins) is `other`. */
const kinds: Readonly<Record<string, ToolKind>> = {
  bash: "execute",
  read: "read",
  list: "search",
  glob: "search",
  grep: "search",
  codesearch: "search",
  edit: "edit",
  write: "edit",
  multiedit: "edit",
  patch: "edit",
  apply_patch: "edit",
  webfetch: "fetch",
  websearch: "fetch",
  task: "agent",
  todowrite: "todo",
  todoread: "todo",
  question: "question",
  plan_enter: "plan",
  plan_exit: "plan",
};

export const kindOf = (tool: string): ToolKind => (Object.hasOwn(kinds, tool) ? kinds[tool] : undefined) ?? "other";

/** What these say when a person did not let them run (1.18.33). */
const DENIED = /^The user (rejected permission|dismissed this question)/;
const CUT_OFF = /^Tool execution (was )?(aborted|interrupted)/;

export const toolOf = (part: Part): string => filled(part.raw["tool"]) ?? "tool";
export const callIdOf = (part: Part): string => filled(part.raw["callID"]) ?? part.id;
export const inputOf = (part: Part): Fields => fields(fields(part.raw["state"])["input"]);
export const wasDenied = (part: Part): boolean => DENIED.test(text(fields(part.raw["state"])["error"]) ?? "");

export interface Place {
  /** Tool call of the sub-agent it belongs to. */
  parent?: string;
  /** Nothing more will come of it. */
  isOver: boolean;
  /** Emits a record once. */
  record(key: string, event: AgentEvent, at?: number): void;
}

export function tellTool(to: Translation, part: Part, place: Place): void {
  const state = fields(part.raw["state"]);
  const status = text(state["status"]);
  if (status === "pending" && !place.isOver) return;
  recordCall(part, place, number(fields(state["time"])["start"]));
  if (status === "running" && !place.isOver) return tellOutput(to, part, place);
  recordResult(part, place, state);
  if (toolOf(part) === "todowrite" && status === "completed") recordPlan(part, place);
}

function recordCall(part: Part, { parent, record }: Place, at?: number): void {
  const [tool, id, input] = [toolOf(part), callIdOf(part), inputOf(part)];
  const path = filled(input["filePath"]);
  const of = parent === undefined ? {} : { parent };
  const title = toolTitleOf(tool, input);
  const call = { type: "tool-call" as const, id, tool, kind: kindOf(tool), title, input, ...of };
  record(`${part.id}:call`, { ...call, ...(path === undefined ? {} : { locations: [{ path }] }) }, at);
}

/** A command's output grows in its metadata while it runs. */
function tellOutput(to: Translation, part: Part, { parent }: Place): void {
  const output = text(fields(fields(part.raw["state"])["metadata"])["output"]) ?? "";
  const shown = part.live ?? "";
  if (output.length <= shown.length || output.length > MAX_OUTPUT || !output.startsWith(shown)) return;
  part.live = output;
  const of = parent === undefined ? {} : { parent };
  const delta = { itemId: callIdOf(part), kind: "tool-output" as const, offset: shown.length, delta: output.slice(shown.length), ...of };
  to.emit({ type: "stream", delta });
}

type Status = Extract<AgentEvent, { type: "tool-result" }>["status"];

function statusOf(state: Fields): Status {
  if (state["status"] === "completed") return "completed";
  const error = text(state["error"]);
  if (error === undefined || CUT_OFF.test(error)) return "cancelled";
  return DENIED.test(error) ? "denied" : "failed";
}

function recordResult(part: Part, { parent, record }: Place, state: Fields): void {
  const callId = callIdOf(part);
  const output = cutText(text(state["output"]) ?? text(state["error"]) ?? text(fields(state["metadata"])["output"]) ?? "", MAX_OUTPUT);
  const content = contentOf(part, state, output);
  const event: AgentEvent = {
    type: "tool-result",
    id: `${callId}:result`,
    callId,
    status: statusOf(state),
    output,
    ...(content.length > 0 ? { content } : {}),
    ...(parent === undefined ? {} : { parent }),
  };
  record(`${part.id}:result`, event, number(fields(state["time"])["end"]));
}

function contentOf(part: Part, state: Fields, output: string): ToolContent[] {
  const images = list(state["attachments"]).flatMap(readImage);
  if (kindOf(toolOf(part)) !== "execute") return images;
  const exitCode = number(fields(state["metadata"])["exit"]);
  const command = text(inputOf(part)["command"]);
  const terminal: ToolContent = {
    type: "terminal",
    stdout: output,
    ...(command === undefined ? {} : { command }),
    ...(exitCode === undefined ? {} : { exitCode }),
  };
  return [terminal, ...images];
}

/** Files that a tool hands to the model: pictures by a `data:` address. */
function readImage(value: unknown): ToolContent[] {
  const { mime, url } = fields(value);
  const data = /^data:[^,]*;base64,(.*)$/s.exec(text(url) ?? "")?.[1];
  return typeof mime === "string" && mime.startsWith("image/") && data !== undefined ? [{ type: "image", mimeType: mime, data }] : [];
}

function recordPlan(part: Part, { parent, record }: Place): void {
  // It has a fourth state: what was given up is not open any more.
  const todos = list(inputOf(part)["todos"]).map((one) =>
    fields(one)["status"] === "cancelled" ? { ...fields(one), status: "completed" } : one,
  );
  const id = `${part.id}:plan`;
  record(id, { type: "plan", id, entries: planEntriesOf(todos), ...(parent === undefined ? {} : { parent }) });
}
