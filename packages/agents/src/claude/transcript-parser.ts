/**
 * Lines of a Claude transcript → canonical events. Pure apart from the state it is given. Invariants: `key` is the line's uuid and the place in
 * it, so reading a line again gives the same keys; every event of a line is known when the line is read; lines of unknown types give nothing.
 * A turn of the terminal ends in the transcript; a turn of the remote front ends with the `result` on its stdout, so here it is only closed.
 */
import type { AgentEvent, AgentFailure, TokenUsage, TurnOutcome } from "@hapi/protocol";
import { cutText, shortText, toolKindOf, toolTitleOf } from "@hapi/core";
import { withoutEarlier } from "../shared/earlier.ts";
import { failureOfErrorLine, failureOfRetryLine } from "./failures.ts";
import { isJson, type Json, list, num, obj, str } from "./json.ts";
import {
  addUsage,
  emptyParserState,
  MAX_FIRST_WORDS,
  type OpenTurn,
  type ParserState,
  queueAfter,
  rememberCall,
  rememberItem,
} from "./parser-state.ts";
import { classifyUserLine } from "./prompt-lines.ts";
import { applyTodoTool, isTodoTool } from "./todos.ts";
import { bounded, textOf, toolResultOf } from "./tool-results.ts";

export interface ParsedRecord {
  key: string;
  event: AgentEvent;
  at?: number;
}

/** What a line says beside its events. */
export type TranscriptFact =
  | { type: "prompts"; uuids: string[] }
  | { type: "tool-ended"; toolCallId: string; status: "completed" | "failed" | "denied" | "cancelled" }
  | { type: "mode"; mode: string }
  | { type: "model"; model: string }
  | { type: "title"; title: string }
  /** `at`: the line's own time. */
  | { type: "turn"; running: boolean; at: number }
  /** A line of the conversation itself. `final`: the agent has answered and asks for no tool. */
  | { type: "line"; at: number; promptId?: string; final: boolean }
  /** The terminal's own queue changed. `taken`: one of it goes to the agent. */
  | { type: "queue"; queue: readonly string[]; taken: boolean; at: number };

export interface Parsed {
  records: ParsedRecord[];
  facts: TranscriptFact[];
}

/** A prompt of ours that a line may be the record of. `hidden`: a repetition, already in the timeline. */
export interface KnownPrompt {
  localId: string;
  text: string;
  hidden?: boolean;
  /** Its line was read. */
  recorded?: boolean;
}

export interface ParserContext {
  promptOf(uuid: string): KnownPrompt | undefined;
  /** The sub-agent's tool call; its own prompt and its turns are not shown. */
  parent?: string;
  /** Reading what happened before this session knew the conversation: messages only, no turns. */
  history: boolean;
}

const CLI = "cli";
const MAX_TITLE = 200;

export interface TranscriptParser {
  read(line: Json): Parsed;
  readonly state: ParserState;
  /** The remote front's `result` ended the running turn. */
  endTurn(): OpenTurn | null;
  /** Another process has the conversation: nothing waits in its queue. */
  forgetQueue(): void;
}

export function createTranscriptParser(context: ParserContext, state: ParserState = emptyParserState()): TranscriptParser {
  const { parent } = context;
  const family = parent === undefined ? {} : { parent };
  let out: Parsed = { records: [], facts: [] };
  let at: number | undefined;

  function emit(key: string, event: AgentEvent): void {
    out.records.push({ key, event, ...(at === undefined ? {} : { at }) });
  }

  function startTurn(uuid: string, localIds: string[]): void {
    if (context.history || parent !== undefined) return;
    state.turn = { id: uuid, at: at ?? 0, localIds, usage: null };
    const localId = localIds.at(-1);
    emit(`${uuid}:turn`, { type: "turn-started", id: `${uuid}:turn`, ...(localId === undefined ? {} : { localId }) });
    out.facts.push({ type: "turn", running: true, at: state.turn.at });
  }

  function closeTurn(outcome: TurnOutcome, more: { failure?: AgentFailure; durationMs?: number } = {}): void {
    const turn = state.turn;
    if (!turn) return;
    state.turn = null;
    const durationMs = more.durationMs ?? (at === undefined || turn.at === 0 ? undefined : Math.max(0, at - turn.at));
    emit(`${turn.id}:end`, {
      type: "turn-ended",
      id: `${turn.id}:end`,
      outcome,
      ...(durationMs === undefined ? {} : { durationMs }),
      ...(turn.usage ? { usage: turn.usage } : {}),
      ...(more.failure ? { failure: more.failure } : {}),
      ...(turn.localIds.length > 0 ? { localIds: turn.localIds } : {}),
    });
    out.facts.push({ type: "turn", running: false, at: at ?? 0 });
  }

  function userMessage(uuid: string, text: string, line: Json): string | null {
    const known = context.promptOf(uuid);
    if (known?.hidden) return known.localId;
    const origin = known || line["entrypoint"] !== CLI ? "remote" : "terminal";
    emit(`${uuid}:0`, { type: "user-message", id: uuid, text: bounded(text), origin, ...(known ? { localId: known.localId } : {}) });
    return known?.localId ?? null;
  }

  function prompt(line: Json, uuid: string, text: string, merged: readonly string[]): void {
    // Lines that waited in the terminal's queue go to the agent together and are answered together.
    const joins = line["promptSource"] === "queued" && state.turn !== null && state.turn.answered !== true;
    if (line["entrypoint"] === CLI && !joins) closeTurn("completed");
    state.first ??= cutText(text, MAX_FIRST_WORDS);
    const uuids = [...merged, uuid];
    const localIds = merged.flatMap((one) => {
      const known = context.promptOf(one);
      return known ? [userMessage(one, known.text, line) ?? known.localId] : [];
    });
    // Sendings that Claude took together stand in one line: each is shown with its own words.
    const own = merged.length > 0 ? (context.promptOf(uuid)?.text ?? text) : text;
    const localId = userMessage(uuid, own, line);
    out.facts.push({ type: "prompts", uuids });
    if (!joins) startTurn(uuid, localId === null ? localIds : [...localIds, localId]);
  }

  function readUser(line: Json, uuid: string): void {
    const user = classifyUserLine(line);
    if (user.kind === "tool-results") return readToolResults(line, uuid);
    if (parent !== undefined) return;
    switch (user.kind) {
      case "prompt":
        return prompt(line, uuid, user.text || (user.images > 0 ? "[image]" : ""), user.merged);
      case "local-caveat":
        state.caveat = uuid;
        return;
      case "command":
        // A command the terminal carried out itself follows its caveat; others are prompts in short.
        if (state.caveat !== null && str(line["parentUuid"]) === state.caveat && !context.promptOf(uuid)) {
          if (user.name === "/model") state.modelAsked = true;
          return;
        }
        return prompt(line, uuid, `${user.name} ${user.args}`.trim(), []);
      case "interrupted":
        if (line["entrypoint"] === CLI) closeTurn("interrupted");
        return;
      case "wake":
        if (line["entrypoint"] === CLI) closeTurn("completed");
        out.facts.push({ type: "prompts", uuids: [uuid] });
        return startTurn(uuid, context.promptOf(uuid) ? [context.promptOf(uuid)?.localId ?? ""] : []);
      default:
        return;
    }
  }

  function readToolResults(line: Json, uuid: string): void {
    list(obj(line["message"])["content"]).forEach((block, index) => {
      if (!isJson(block) || block["type"] !== "tool_result") return;
      const callId = str(block["tool_use_id"]) ?? "";
      const call = state.calls[callId];
      delete state.calls[callId];
      const event = toolResultOf({ line, block, input: call?.input ?? {}, id: `${uuid}:${index}`, callId, ...family });
      emit(`${uuid}:${index}`, event);
      out.facts.push({ type: "tool-ended", toolCallId: callId, status: event.status });
      if (call && parent === undefined && isTodoTool(call.tool) && event.status === "completed")
        readTodos(call, line, `${uuid}:${index}:plan`);
    });
  }

  function readTodos(call: { tool: string; input: Json }, line: Json, key: string): void {
    const todos = applyTodoTool(state.todos, call.tool, call.input, line["toolUseResult"]);
    if (!todos) return;
    state.todos = todos;
    emit(key, { type: "plan", id: key, entries: todos });
  }

  function readAssistant(line: Json, uuid: string): void {
    const message = obj(line["message"]);
    if (line["isApiErrorMessage"] === true) {
      const failure = failureOfErrorLine(line, textOf(message["content"]));
      if (parent === undefined && line["entrypoint"] === CLI) closeTurn("failed", { failure });
      return;
    }
    if (message["model"] === "<synthetic>") return;
    if (line["entrypoint"] === CLI && !state.turn) startTurn(uuid, []);
    if (state.turn) state.turn.answered = true;
    list(message["content"]).forEach((block, index) => {
      if (isJson(block)) readBlock(line, uuid, block, index);
    });
    if (parent === undefined) readUsage(message, uuid);
  }

  function readBlock(line: Json, uuid: string, block: Json, index: number): void {
    const messageId = str(obj(line["message"])["id"]);
    const place = num(line["apiBlockIndex"]);
    // The same id the live text has on stdout, so that the one replaces the other. Older versions don't say the place.
    const id = messageId !== undefined && place !== undefined ? `${messageId}:${place + index}` : `${uuid}:${index}`;
    const key = `${uuid}:${index}`;
    const text = str(block["text"]) ?? "";
    if (block["type"] === "text" || block["type"] === "thinking") rememberItem(state, id);
    if (block["type"] === "text" && text !== "") emit(key, { type: "agent-message", id, text, ...family });
    if (block["type"] === "thinking" && str(block["thinking"]))
      emit(key, { type: "thought", id, text: str(block["thinking"]) ?? "", ...family });
    if (block["type"] !== "tool_use") return;
    const callId = str(block["id"]) ?? key;
    const tool = str(block["name"]) ?? "tool";
    const input = obj(block["input"]);
    rememberCall(state, callId, tool, input);
    const path = str(input["file_path"]) ?? str(input["notebook_path"]);
    const locations = path === undefined ? {} : { locations: [{ path }] };
    emit(key, {
      type: "tool-call",
      id: callId,
      tool,
      kind: toolKindOf(tool),
      title: toolTitleOf(tool, input),
      input,
      ...locations,
      ...family,
    });
  }

  function readUsage(message: Json, uuid: string): void {
    const id = str(message["id"]) ?? uuid;
    const model = str(message["model"]);
    if (state.modelAsked && model !== undefined) {
      state.modelAsked = false;
      out.facts.push({ type: "model", model });
    }
    const usage = usageOf(obj(message["usage"]), model);
    if (!usage || state.usageOf === id || str(message["stop_reason"]) === undefined) return;
    state.usageOf = id;
    if (state.turn) state.turn.usage = addUsage(state.turn.usage, usage);
    emit(`${id}:usage`, { type: "usage", id: `${id}:usage`, usage });
  }

  function readSystem(line: Json, uuid: string): void {
    const subtype = line["subtype"];
    if (parent !== undefined) return;
    if (subtype === "turn_duration" && line["entrypoint"] === CLI) closeTurn("completed", { durationMs: num(line["durationMs"]) });
    if (subtype === "compact_boundary")
      emit(`${uuid}:0`, { type: "notice", id: uuid, text: "The conversation was compacted", level: "info" });
    if (subtype !== "api_error" || context.history) return;
    const attempt = num(line["retryAttempt"]);
    if (attempt === undefined) return;
    emit(`${uuid}:0`, {
      type: "retrying",
      id: uuid,
      attempt,
      maxAttempts: num(line["maxRetries"]) ?? attempt,
      delayMs: Math.round(num(line["retryInMs"]) ?? 0),
      failure: failureOfRetryLine(line),
    });
  }

  /** A prompt that Claude took up in the middle of a turn stands in an attachment, not in a line of its own. */
  function readAttachment(line: Json, uuid: string): void {
    const attachment = obj(line["attachment"]);
    if (attachment["type"] !== "queued_command" || parent !== undefined || attachment["commandMode"] !== "prompt") return;
    const source = str(attachment["source_uuid"]) ?? uuid;
    const text = typeof attachment["prompt"] === "string" ? attachment["prompt"] : textOf(attachment["prompt"]);
    const localId = userMessage(source, withoutEarlier(text), line);
    out.facts.push({ type: "prompts", uuids: [source] });
    if (localId !== null && state.turn && !state.turn.localIds.includes(localId)) state.turn.localIds.push(localId);
  }

  function readQueue(line: Json): void {
    if (context.history) return;
    const operation = str(line["operation"]);
    const queue = queueAfter(state.queue ?? [], operation, str(line["content"]));
    if (!queue) return;
    state.queue = queue;
    out.facts.push({ type: "queue", queue, taken: operation === "dequeue" || operation === "remove", at: at ?? 0 });
  }

  /** The terminal's turns are told by these lines; where a turn is ended by other means, a later word begins one of its own. */
  function readTime(line: Json): void {
    if (parent !== undefined || line["entrypoint"] !== CLI || (line["type"] !== "user" && line["type"] !== "assistant")) return;
    const message = obj(line["message"]);
    const final = line["type"] === "assistant" && str(message["stop_reason"]) !== undefined && message["stop_reason"] !== "tool_use";
    out.facts.push({ type: "line", at: at ?? 0, promptId: str(line["promptId"]), final });
  }

  function readMarks(line: Json): void {
    if (parent !== undefined) return;
    if (line["type"] === "queue-operation") return readQueue(line);
    const mode = line["type"] === "permission-mode" ? str(line["permissionMode"]) : undefined;
    if (mode !== undefined) out.facts.push({ type: "mode", mode });
    const title =
      line["type"] === "custom-title" ? str(line["customTitle"]) : line["type"] === "ai-title" ? str(line["aiTitle"]) : undefined;
    if (title === undefined || title === "" || title === state.title) return;
    state.title = title;
    out.facts.push({ type: "title", title: shortText(title, MAX_TITLE) });
  }

  function read(line: Json): Parsed {
    out = { records: [], facts: [] };
    const stamp = Date.parse(str(line["timestamp"]) ?? "");
    at = Number.isNaN(stamp) ? undefined : stamp;
    const uuid = str(line["uuid"]);
    // In its own file every line of a sub-agent is marked so; in the main file such lines are another's.
    if (line["isSidechain"] === true && parent === undefined) return out;
    if (uuid === undefined) readMarks(line);
    else if (line["type"] === "user") readUser(line, uuid);
    else if (line["type"] === "assistant") readAssistant(line, uuid);
    else if (line["type"] === "system") readSystem(line, uuid);
    else if (line["type"] === "attachment") readAttachment(line, uuid);
    readTime(line);
    return out;
  }

  return {
    read,
    state,
    endTurn() {
      const turn = state.turn;
      state.turn = null;
      return turn;
    },
    forgetQueue() {
      state.queue = [];
    },
  };
}

export function usageOf(usage: Json, model: string | undefined): TokenUsage | null {
  const inputTokens = num(usage["input_tokens"]);
  if (inputTokens === undefined) return null;
  const outputTokens = num(usage["output_tokens"]) ?? 0;
  const cacheReadTokens = num(usage["cache_read_input_tokens"]) ?? 0;
  const cacheCreationTokens = num(usage["cache_creation_input_tokens"]) ?? 0;
  const contextTokens = inputTokens + cacheReadTokens + cacheCreationTokens + outputTokens;
  return { inputTokens, outputTokens, cacheReadTokens, cacheCreationTokens, contextTokens, ...(model === undefined ? {} : { model }) };
}
