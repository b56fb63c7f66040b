/** Lines of the model's answers: texts, thoughts, tool calls, usage, and the error that ended a turn. */
import { toolKindOf, toolTitleOf } from "@hapi/core";
import type { TokenUsage } from "@hapi/protocol";
import { failureOfErrorLine } from "./failures.ts";
import { isJson, type Json, list, num, obj, str } from "./json.ts";
import { addUsage, rememberCall, rememberItem } from "./parser-state.ts";
import { CLI, type ParserWriter } from "./parser-writer.ts";
import { bounded, textOf } from "./tool-results.ts";
import { BLOCKS } from "./vocabulary/lines.ts";

const NO_ANSWER = "No response requested.";

export function createAnswerReader(w: ParserWriter): (line: Json, uuid: string) => void {
  const { context, state, family, emit } = w;
  const { parent } = context;

  function readAssistant(line: Json, uuid: string): void {
    const message = obj(line["message"]);
    if (line["isApiErrorMessage"] === true) {
      const failure = failureOfErrorLine(line, textOf(message["content"]));
      if (parent !== undefined) return;
      // Where a turn is open, its end tells it.
      if (context.history || (line["entrypoint"] === CLI && !state.turn)) return w.say(uuid, { text: failure.message, level: "warning" });
      if (line["entrypoint"] === CLI) w.closeTurn("failed", { failure });
      return;
    }
    if (message["model"] === "<synthetic>") return readOwnWords(textOf(message["content"]), uuid);
    if (line["entrypoint"] === CLI && !state.turn) w.startTurn(uuid, []);
    if (state.turn) state.turn.answered = true;
    list(message["content"]).forEach((block, index) => {
      if (isJson(block)) readBlock(line, uuid, block, index);
    });
    if (parent === undefined) readUsage(message, uuid);
  }

  /** Claude Code speaks, not a model. To a conversation that ended without an answer it adds a line that says nothing. */
  function readOwnWords(text: string, uuid: string): void {
    if (text !== "" && text !== NO_ANSWER) w.say(uuid, { text: bounded(text), level: "info" });
  }

  function readBlock(line: Json, uuid: string, block: Json, index: number): void {
    const messageId = str(obj(line["message"])["id"]);
    const place = num(line["apiBlockIndex"]);
    // The same id the live text has on stdout, so that the one replaces the other. Older versions don't say the place.
    const id = messageId !== undefined && place !== undefined ? `${messageId}:${place + index}` : `${uuid}:${index}`;
    const key = `${uuid}:${index}`;
    const text = str(block["text"]) ?? "";
    if (w.passesOver(BLOCKS, "block", block["type"], block, `${key}:raw`)) return;
    if (block["type"] === "text" || block["type"] === "thinking") rememberItem(state, id);
    if (block["type"] === "text" && text !== "") emit(key, { type: "agent-message", id, text, ...family });
    if (block["type"] === "thinking" && str(block["thinking"]))
      emit(key, { type: "thought", id, text: str(block["thinking"]) ?? "", ...family });
    if (str(block["tool_use_id"]) !== undefined) return providerResult(block, key);
    if (str(block["name"]) === undefined) return;
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

  /** The model's provider ran the tool itself: its result stands in the same answer. */
  function providerResult(block: Json, key: string): void {
    const callId = str(block["tool_use_id"]) ?? "";
    delete state.calls[callId];
    const content = block["content"];
    const output = bounded(typeof content === "string" || Array.isArray(content) ? textOf(content) : JSON.stringify(content ?? ""));
    const failed = block["is_error"] === true || str(obj(content)["error_code"]) !== undefined;
    emit(key, { type: "tool-result", id: key, callId, status: failed ? "failed" : "completed", output, ...family });
  }

  function readUsage(message: Json, uuid: string): void {
    const id = str(message["id"]) ?? uuid;
    const model = str(message["model"]);
    if (state.modelAsked && model !== undefined) {
      state.modelAsked = false;
      w.out.facts.push({ type: "model", model });
    }
    const usage = usageOf(obj(message["usage"]), model);
    if (!usage || state.usageOf === id || str(message["stop_reason"]) === undefined) return;
    state.usageOf = id;
    if (state.turn) state.turn.usage = addUsage(state.turn.usage, usage);
    emit(`${id}:usage`, { type: "usage", id: `${id}:usage`, usage });
  }

  return readAssistant;
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
