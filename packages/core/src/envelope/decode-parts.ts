/** Parts that several families share: usage, failures, tool output. */
import type { AgentFailure, TokenUsage, ToolContent } from "@hapi/protocol";
import { compact, display, firstName, firstNumber, isRecord, type JsonRecord, list, name, number, record, text } from "./read.ts";

const failureCodes = [
  "overloaded",
  "rate_limit",
  "usage_limit",
  "network",
  "auth",
  "invalid_request",
  "server_error",
  "agent_exited",
  "unknown",
] as const satisfies readonly AgentFailure["code"][];

export function failureOf(value: unknown): AgentFailure | undefined {
  if (!isRecord(value)) return undefined;
  const message = text(value.message);
  if (message === undefined) return undefined;
  return compact({
    code: failureCodes.find((code) => code === value.code) ?? "unknown",
    message,
    retryable: value.retryable === true,
    retryAfterMs: number(value.retryAfterMs),
    resetsAt: number(value.resetsAt),
    httpStatus: number(value.httpStatus),
  });
}

/** A failure told only by a sentence and perhaps an HTTP status. */
export function failureFrom(message: string, httpStatus?: number): AgentFailure {
  const code = codeOf(message.toLowerCase(), httpStatus);
  const retryable = code !== "auth" && code !== "invalid_request";
  return compact({ code, message, retryable, httpStatus });
}

function codeOf(message: string, httpStatus: number | undefined): AgentFailure["code"] {
  const status = httpStatus ?? Number(/\b([45]\d\d)\b/.exec(message)?.[1] ?? 0);
  if (status === 529 || message.includes("overloaded")) return "overloaded";
  if (status === 429 || message.includes("rate limit") || message.includes("rate_limit")) return "rate_limit";
  if (status === 401 || status === 403) return "auth";
  if (status >= 500) return "server_error";
  if (status >= 400) return "invalid_request";
  if (/econn|enotfound|timed? ?out|network|socket|connection/.test(message)) return "network";
  return "unknown";
}

/** Our own exact usage object. */
export function exactUsage(value: unknown): TokenUsage | undefined {
  if (!isRecord(value)) return undefined;
  const inputTokens = number(value.inputTokens);
  const outputTokens = number(value.outputTokens);
  const cacheReadTokens = number(value.cacheReadTokens);
  const cacheCreationTokens = number(value.cacheCreationTokens);
  if (inputTokens === undefined || outputTokens === undefined || cacheReadTokens === undefined || cacheCreationTokens === undefined) {
    return undefined;
  }
  return compact({
    inputTokens,
    outputTokens,
    cacheReadTokens,
    cacheCreationTokens,
    contextTokens: number(value.contextTokens),
    contextWindow: number(value.contextWindow),
    costUsd: number(value.costUsd),
    model: text(value.model),
  });
}

/** `token_count` of any client: `last` before `total`, either spelling; input that includes the cache is split. */
export function tokenCountUsage(info: JsonRecord, model: unknown): TokenUsage {
  const exact = exactUsage(info.usage);
  if (exact) return exact;
  const last = info.last ?? info.lastTokenUsage ?? info.last_token_usage;
  const total = info.total ?? info.totalTokenUsage ?? info.total_token_usage;
  const counts = isRecord(last) ? last : isRecord(total) ? total : info;
  const cacheReadTokens =
    firstNumber(counts, "cachedInputTokens", "cached_input_tokens", "cacheReadTokens", "cache_read_input_tokens") ?? 0;
  const cacheCreationTokens = firstNumber(counts, "cacheCreationTokens", "cache_creation_input_tokens") ?? 0;
  const input = firstNumber(counts, "inputTokens", "input_tokens") ?? 0;
  return compact({
    inputTokens: Math.max(0, input - cacheReadTokens - cacheCreationTokens),
    outputTokens: firstNumber(counts, "outputTokens", "output_tokens") ?? 0,
    cacheReadTokens,
    cacheCreationTokens,
    contextTokens: firstNumber(info, "contextTokens", "context_tokens"),
    contextWindow: firstNumber(info, "modelContextWindow", "model_context_window"),
    model: name(model),
  });
}

/** The `usage` object of a model answer as lines carry it: input without cache. */
export function lineUsage(value: unknown, extra: { model?: string; costUsd?: number } = {}): TokenUsage | undefined {
  if (!isRecord(value)) return undefined;
  const inputTokens = number(value.input_tokens) ?? 0;
  const outputTokens = number(value.output_tokens) ?? 0;
  const cacheReadTokens = number(value.cache_read_input_tokens) ?? 0;
  const cacheCreationTokens = number(value.cache_creation_input_tokens) ?? 0;
  if (inputTokens + outputTokens + cacheReadTokens + cacheCreationTokens === 0) return undefined;
  return compact({ inputTokens, outputTokens, cacheReadTokens, cacheCreationTokens, ...extra });
}

export function toolContentOf(value: unknown): ToolContent[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.flatMap((entry): ToolContent[] => {
    const part = toolPart(record(entry));
    return part ? [part] : [];
  });
}

function toolPart(entry: JsonRecord): ToolContent | null {
  switch (entry.type) {
    case "text":
      return typeof entry.text === "string" ? { type: "text", text: entry.text } : null;
    case "diff": {
      const path = text(entry.path);
      const newText = text(entry.newText);
      if (path === undefined || newText === undefined) return null;
      return { type: "diff", path, oldText: text(entry.oldText) ?? null, newText, ...startsOf(entry) };
    }
    case "image":
      return imagePart(entry);
    case "terminal":
      return terminalPart(entry);
    // ACP wraps its blocks once more
    case "content":
      return toolPart(record(entry.content));
    default:
      return null;
  }
}

const lineNumber = (value: unknown): number | undefined =>
  Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : undefined;

function startsOf(entry: JsonRecord): { oldStart?: number; newStart?: number } {
  const oldStart = lineNumber(entry.oldStart);
  const newStart = lineNumber(entry.newStart);
  return { ...(oldStart === undefined ? {} : { oldStart }), ...(newStart === undefined ? {} : { newStart }) };
}

function imagePart(entry: JsonRecord): ToolContent | null {
  const source = record(entry.source);
  const data = text(entry.data) ?? text(source.data);
  const mimeType = text(entry.mimeType) ?? text(source.media_type);
  return data === undefined || mimeType === undefined ? null : { type: "image", mimeType, data };
}

function terminalPart(entry: JsonRecord): ToolContent | null {
  const stdout = text(entry.stdout);
  if (stdout === undefined) return null;
  const exitCode = entry.exitCode === null ? null : number(entry.exitCode);
  return compact({ type: "terminal" as const, command: text(entry.command), stdout, stderr: text(entry.stderr), exitCode });
}

/** The output of a tool in any of the shapes seen: text, blocks, an object with stdout. */
export function toolOutputOf(value: unknown): { output: string; content?: ToolContent[] } {
  if (typeof value === "string") return { output: value };
  if (Array.isArray(value)) {
    const content = toolContentOf(value) ?? [];
    const output = content.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
    const rich = content.some((part) => part.type !== "text");
    if (content.length === 0) return { output: value.length === 0 ? "" : display(value) };
    return rich ? { output, content } : { output };
  }
  if (!isRecord(value)) return { output: display(value) };
  const stdout = text(value.stdout);
  if (stdout !== undefined) return terminalOutput(value, stdout);
  const inner = value.content ?? value.output;
  if (list(inner).length > 0 || typeof inner === "string") return toolOutputOf(inner);
  return { output: firstName(value, "text", "message", "error", "aggregated_output", "formatted_output") ?? display(value) };
}

function terminalOutput(value: JsonRecord, stdout: string): { output: string; content: ToolContent[] } {
  const stderr = text(value.stderr);
  const exitCode = firstNumber(value, "exitCode", "exit_code");
  const output = stderr ? `${stdout}${stdout && !stdout.endsWith("\n") ? "\n" : ""}${stderr}` : stdout;
  return { output, content: [compact({ type: "terminal" as const, stdout, stderr: stderr || undefined, exitCode })] };
}
