/**
 * ACP tool calls → tool-call and tool-result. A call is recorded once, when its input is known: when it begins to run, asks, ends, or when
 * something else begins; what comes before (`pending` with half an input) only changes what is kept.
 */
import { isRecord, cutText } from "@hapi/core";
import type { ToolContent, ToolKind } from "@hapi/protocol";
import { fields, filled, list, number, text, type Fields } from "../shared/read.ts";
import { LIMITS, type OpenTool, type Translation } from "./state.ts";

const kinds: Readonly<Record<string, ToolKind>> = {
  read: "read",
  edit: "edit",
  delete: "delete",
  move: "move",
  search: "search",
  execute: "execute",
  think: "think",
  fetch: "fetch",
  switch_mode: "plan",
};

function kindOf(value: unknown): ToolKind {
  return kinds[text(value) ?? ""] ?? "other";
}

export function toolUpdate(to: Translation, update: Fields, isNew: boolean): void {
  const id = filled(update["toolCallId"]);
  if (id === undefined) return to.log.warn("acp.tool_without_id");
  const { state } = to;
  if (state.ended.includes(id)) return to.log.debug("acp.update_after_result", { id });
  const status = text(update["status"]) ?? (isNew ? "in_progress" : undefined);
  const tool = mergeTool(to, id, update);
  if (status === "completed" || status === "failed") return endTool(to, tool, tool.denied ? "denied" : status);
  if (status === "in_progress") recordCall(to, tool);
}

/** The tool as it is known after this update; also for permission requests, which may come before any tool call. */
export function mergeTool(to: Translation, id: string, update: Fields): OpenTool {
  const { tools } = to.state;
  if (!tools[id] && Object.keys(tools).length >= LIMITS.openTools) endOldest(to);
  const known = tools[id];
  const tool: OpenTool = known ?? {
    id,
    tool: "",
    kind: "other",
    title: "",
    input: {},
    locations: [],
    content: [],
    output: "",
    rawOutput: null,
    recorded: false,
    denied: false,
  };
  tools[id] = tool;
  if (filled(update["kind"])) tool.kind = kindOf(update["kind"]);
  tool.title = filled(update["title"]) ?? tool.title;
  tool.tool = filled(update["name"]) ?? toolNameOf(update) ?? tool.tool;
  if (isRecord(update["rawInput"]) && Object.keys(update["rawInput"]).length > 0) tool.input = update["rawInput"];
  if (Array.isArray(update["locations"])) tool.locations = update["locations"].flatMap(readLocation);
  if (update["rawOutput"] !== undefined && update["rawOutput"] !== null) tool.rawOutput = update["rawOutput"];
  if (Array.isArray(update["content"])) setContent(to, tool, update["content"].flatMap(readContent));
  return tool;
}

/** Adapters say the tool's own name in their `_meta`. */
function toolNameOf(update: Fields): string | undefined {
  for (const value of Object.values(fields(update["_meta"]))) {
    const name = filled(fields(value)["toolName"]);
    if (name) return name;
  }
  return undefined;
}

function setContent(to: Translation, tool: OpenTool, content: ToolContent[]): void {
  const size = JSON.stringify(content).length;
  tool.content = size <= LIMITS.toolContentChars ? content : [{ type: "text", text: `(${size} characters are not shown)` }];
  const output = clip(content.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n"));
  if (tool.recorded && output.length > tool.output.length && output.startsWith(tool.output)) {
    const offset = tool.output.length;
    to.emit({ type: "stream", delta: { itemId: tool.id, kind: "tool-output", offset, delta: output.slice(offset) } });
  }
  tool.output = output;
}

const clip = (output: string) => (output.length <= LIMITS.toolOutputChars ? output : `${cutText(output, LIMITS.toolOutputChars)}\n…`);

export function recordCall(to: Translation, tool: OpenTool): void {
  if (tool.recorded) return;
  tool.recorded = true;
  const { id, kind, title, locations } = tool;
  const event = {
    type: "tool-call" as const,
    id,
    tool: nameOf(tool),
    kind,
    title: title || nameOf(tool),
    input: inputOf(tool),
    ...(locations.length > 0 ? { locations } : {}),
  };
  to.emit({ type: "record", key: `${to.state.launchId}:call:${id}`, event, at: to.now() });
}

function endTool(to: Translation, tool: OpenTool, status: "completed" | "failed" | "denied" | "cancelled"): void {
  recordCall(to, tool);
  const { state } = to;
  delete state.tools[tool.id];
  state.ended = [...state.ended, tool.id].slice(-LIMITS.endedTools);
  const output = tool.output || clip(rawText(tool.rawOutput));
  const content =
    tool.kind === "execute" ? [terminalOf(tool, output), ...tool.content.filter((part) => part.type !== "text")] : tool.content;
  const event = {
    type: "tool-result" as const,
    id: `${tool.id}:result`,
    callId: tool.id,
    status,
    output,
    ...(content.length > 0 ? { content } : {}),
  };
  to.emit({ type: "record", key: `${state.launchId}:result:${tool.id}`, event, at: to.now() });
}

/** Something else begins: calls that wait are on record before it, and a denied one is over (some agents never say so). */
export function settleTools(to: Translation): void {
  for (const tool of Object.values(to.state.tools)) {
    recordCall(to, tool);
    if (tool.denied) endTool(to, tool, "denied");
  }
}

/** Calls without a result when the turn, or the process, is over. */
export function endOpenTools(to: Translation, outcome: "completed" | "interrupted" | "failed"): void {
  const status = outcome === "interrupted" ? "cancelled" : outcome;
  for (const tool of Object.values(to.state.tools)) endTool(to, tool, tool.denied ? "denied" : status);
  to.state.ended = [];
}

function endOldest(to: Translation): void {
  const oldest = Object.values(to.state.tools)[0];
  if (!oldest) return;
  to.log.warn("acp.too_many_open_tools", { id: oldest.id });
  endTool(to, oldest, "completed");
}

/** Names make grouping possible where an agent gives none: the kind is the best word for it. */
export function nameOf(tool: OpenTool): string {
  return tool.tool || (tool.kind === "other" ? tool.title.split(/\s/)[0] || "tool" : tool.kind);
}

/** What the call is about, also for agents that send no raw input: the command in the title, the edit in the content. */
export function inputOf(tool: OpenTool): Record<string, unknown> {
  if (isRecord(tool.input) && Object.keys(tool.input).length > 0) return tool.input;
  const diff = tool.content.find((part) => part.type === "diff");
  if (diff) return { path: diff.path, old_string: diff.oldText ?? "", new_string: diff.newText };
  if (tool.kind === "execute") return { command: tool.title };
  const path = tool.locations[0]?.path;
  return path === undefined ? {} : { path };
}

function terminalOf(tool: OpenTool, output: string): ToolContent {
  const raw = fields(tool.rawOutput);
  const exitCode = number(raw["exitCode"]) ?? number(raw["exit_code"]);
  const command = text(inputOf(tool)["command"]);
  const stderr = filled(raw["stderr"]);
  return {
    type: "terminal",
    stdout: text(raw["stdout"]) ?? output,
    ...(command === undefined ? {} : { command }),
    ...(stderr === undefined ? {} : { stderr: clip(stderr) }),
    ...(exitCode === undefined ? {} : { exitCode }),
  };
}

function rawText(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  const raw = fields(value);
  return text(raw["output"]) ?? text(raw["text"]) ?? text(raw["stdout"]) ?? JSON.stringify(value);
}

function readLocation(value: unknown): { path: string; line?: number }[] {
  const { path, line } = fields(value);
  if (typeof path !== "string") return [];
  return [{ path, ...(typeof line === "number" ? { line } : {}) }];
}

function readContent(value: unknown): ToolContent[] {
  const part = fields(value);
  if (part["type"] === "diff" && typeof part["path"] === "string") {
    return [{ type: "diff", path: part["path"], oldText: text(part["oldText"]) ?? null, newText: text(part["newText"]) ?? "" }];
  }
  return part["type"] === "content" ? readBlock(part["content"]) : [];
}

/** One content block; what can't be shown is named. */
export function readBlock(value: unknown): ToolContent[] {
  const block = fields(value);
  switch (block["type"]) {
    case "text":
      return [{ type: "text", text: text(block["text"]) ?? "" }];
    case "image":
      return [{ type: "image", mimeType: text(block["mimeType"]) ?? "image/png", data: text(block["data"]) ?? "" }];
    case "resource_link":
      return [{ type: "text", text: text(block["uri"]) ?? "" }];
    case "resource":
      return [{ type: "text", text: text(fields(block["resource"])["text"]) ?? text(fields(block["resource"])["uri"]) ?? "" }];
    default:
      return list([block["type"]]).flatMap((type) => (typeof type === "string" ? [{ type: "text" as const, text: `[${type}]` }] : []));
  }
}
