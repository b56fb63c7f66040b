/**
 * Lines of a Claude transcript → canonical events. Pure apart from the state it is given. Invariants: `key` is the line's uuid and the place in
 * it, so reading a line again gives the same keys; every event of a line is known when the line is read; what the vocabulary has no word for is
 * kept as it is. A turn of the terminal ends in the transcript; a turn of the remote front ends with the `result` on its stdout, so here it is only closed.
 */
import { shortText } from "@hapi/core";
import type { AgentEvent } from "@hapi/protocol";
import { createAnswerReader } from "./answer-lines.ts";
import { createCommandReader } from "./command-lines.ts";
import { isJson, type Json, list, obj, str } from "./json.ts";
import { markNotices, plain } from "./notices.ts";
import { emptyParserState, type OpenTurn, type ParserState, queueAfter } from "./parser-state.ts";
import { CLI, createParserWriter } from "./parser-writer.ts";
import { classifyUserLine } from "./prompt-lines.ts";
import { rawKey } from "./raw-rows.ts";
import type { Verdict } from "./request-fate.ts";
import { createSystemReader } from "./system-lines.ts";
import { applyTodoTool, isTodoTool } from "./todos.ts";
import { stoppedRunning, toolResultOf, verdictOf } from "./tool-results.ts";
import { LINES } from "./vocabulary/lines.ts";
import type { Named } from "./vocabulary/words.ts";

export interface ParsedRecord {
  key: string;
  event: AgentEvent;
  at?: number;
}

/** What a line says beside its events. */
export type TranscriptFact =
  | { type: "prompts"; uuids: string[] }
  | {
      type: "tool-ended";
      toolCallId: string;
      status: "completed" | "failed" | "denied" | "cancelled";
      /** The line's own time. */
      at: number;
      /** Claude's id of the prompt in whose turn it was called; of a sub-agent's call none is said. */
      prompt?: string;
      /** Who decided that it may run, or not. */
      verdict?: Verdict;
      /** It was stopped while it ran. */
      ran?: boolean;
      call?: { tool: string; input: Json };
    }
  | { type: "mode"; mode: string }
  /** A person chose it, in Claude's own words. Null: Claude's own. */
  | { type: "model"; model: string | null }
  | { type: "title"; title: string }
  /** `at`: the line's own time. */
  | { type: "turn"; running: boolean; at: number }
  /** A line of the conversation itself. `final`: the agent has answered and asks for no tool. */
  | { type: "line"; at: number; promptId?: string; final: boolean; /** of a person's line */ text?: string }
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
  /** We are stopping the running turn. */
  stopping?(): boolean;
}

const MAX_TITLE = 200;

/** `call`: as it was made, where its line was read. */
function toolEndedOf(
  line: Json,
  { callId, status }: Extract<AgentEvent, { type: "tool-result" }>,
  { at, call }: { at: number; call: { tool: string; input: Json } | undefined },
): TranscriptFact {
  const verdict = verdictOf(line);
  const prompt = line["isSidechain"] === true ? undefined : str(line["promptId"]);
  return {
    type: "tool-ended",
    toolCallId: callId,
    status,
    at,
    ...(prompt === undefined ? {} : { prompt }),
    ...(verdict ? { verdict } : {}),
    ...(status === "cancelled" && stoppedRunning(line) ? { ran: true } : {}),
    ...(call ? { call } : {}),
  };
}

export interface TranscriptParser {
  read(line: Json): Parsed;
  readonly state: ParserState;
  /** Does a turn of the remote front begin with this line? Changes nothing. */
  begins(line: Json): boolean;
  /** The remote front's `result` ended the running turn. */
  endTurn(): OpenTurn | null;
  /** Another process has the conversation: nothing waits in its queue. */
  forgetQueue(): void;
}

export function createTranscriptParser(context: ParserContext, state: ParserState = emptyParserState()): TranscriptParser {
  const { parent } = context;
  const w = createParserWriter(context, state);
  const commands = createCommandReader(w);
  const { system, attachment } = createSystemReader(w, commands);
  const assistant = createAnswerReader(w);

  function readUser(line: Json, uuid: string): void {
    const user = classifyUserLine(line, context.promptOf(uuid)?.text);
    if (user.kind === "tool-results") return readToolResults(line, uuid);
    if (parent !== undefined) return;
    switch (user.kind) {
      case "prompt":
        return w.prompt(line, uuid, user.text || (user.images > 0 ? "[image]" : ""), user.merged);
      case "local-caveat":
        state.caveat = uuid;
        return;
      case "command":
        return commands.command(line, uuid, user);
      case "command-output":
        return commands.output(uuid, user);
      case "shell":
        return commands.shell(line, uuid, user);
      case "shell-output":
        return commands.shellOutput(line, uuid, user);
      case "interrupted":
        if (line["entrypoint"] === CLI) w.closeTurn("interrupted");
        return;
      case "wake":
        if (line["entrypoint"] === CLI) w.closeTurn("completed");
        w.out.facts.push({ type: "prompts", uuids: [uuid] });
        return w.startTurn(uuid, context.promptOf(uuid) ? [context.promptOf(uuid)?.localId ?? ""] : []);
      case "foreign":
        if (line["entrypoint"] === CLI) w.closeTurn("completed");
        w.say(uuid, { text: `A message from a ${user.from}: ${plain(user.text)}`, level: "info" });
        return w.startTurn(uuid, []);
      // What Claude tells itself: caveats, reminders, the summary of what was compacted.
      case "other":
        return;
    }
  }

  function readToolResults(line: Json, uuid: string): void {
    list(obj(line["message"])["content"]).forEach((block, index) => {
      if (!isJson(block) || block["type"] !== "tool_result") return;
      const callId = str(block["tool_use_id"]) ?? "";
      const call = state.calls[callId];
      delete state.calls[callId];
      const stopping = context.stopping?.() ?? false;
      const event = toolResultOf({ line, block, input: call?.input ?? {}, id: `${uuid}:${index}`, callId, stopping, ...w.family });
      w.emit(`${uuid}:${index}`, event);
      w.out.facts.push(toolEndedOf(line, event, { at: w.at, call }));
      if (call && parent === undefined && isTodoTool(call.tool) && event.status === "completed")
        readTodos(call, line, `${uuid}:${index}:plan`);
    });
  }

  function readTodos(call: { tool: string; input: Json }, line: Json, key: string): void {
    const todos = applyTodoTool(state.todos, call.tool, call.input, line["toolUseResult"]);
    if (!todos) return;
    state.todos = todos;
    w.emit(key, { type: "plan", id: key, entries: todos });
  }

  function readTitle(title: string | undefined): void {
    if (title === undefined || title === "" || title === state.title) return;
    state.title = title;
    w.out.facts.push({ type: "title", title: shortText(title, MAX_TITLE) });
  }

  function readMode(line: Json): void {
    const mode = str(line["permissionMode"]);
    if (mode !== undefined) w.out.facts.push({ type: "mode", mode });
  }

  function readQueue(line: Json): void {
    if (context.history) return;
    const operation = str(line["operation"]);
    const queue = queueAfter(state.queue ?? [], operation, str(line["content"]));
    if (!queue) return w.keepRaw("queue", operation, line);
    state.queue = queue;
    w.out.facts.push({ type: "queue", queue, taken: operation === "dequeue" || operation === "remove", at: w.at });
  }

  /** The terminal's turns are told by these lines; where a turn is ended by other means, a later word begins one of its own. */
  function readTime(line: Json): void {
    if (parent !== undefined || line["entrypoint"] !== CLI || (line["type"] !== "user" && line["type"] !== "assistant")) return;
    const message = obj(line["message"]);
    const final = line["type"] === "assistant" && str(message["stop_reason"]) !== undefined && message["stop_reason"] !== "tool_use";
    const text = line["promptSource"] === undefined ? undefined : str(message["content"]);
    w.out.facts.push({ type: "line", at: w.at, promptId: str(line["promptId"]), final, ...(text === undefined ? {} : { text }) });
  }

  const withId =
    (reader: (line: Json, uuid: string) => void) =>
    (line: Json): void => {
      const uuid = str(line["uuid"]);
      if (uuid === undefined) w.keepRaw("line", `${String(line["type"])} without an id`, line);
      else reader(line, uuid);
    };
  const told =
    (type: keyof typeof markNotices) =>
    (line: Json): void =>
      w.say(rawKey(line), markNotices[type](line));

  const readers: Readonly<Record<Named<typeof LINES, "shown" | "used">, (line: Json) => void>> = {
    user: withId(readUser),
    assistant: withId(assistant),
    system: withId(system),
    attachment: withId(attachment),
    "permission-mode": readMode,
    "queue-operation": readQueue,
    "custom-title": (line) => readTitle(str(line["customTitle"])),
    "ai-title": (line) => readTitle(str(line["aiTitle"])),
    // Read with the tree, when the past is read: `createTree`.
    "last-prompt": () => undefined,
    "pr-link": told("pr-link"),
    "ended-by-model": told("ended-by-model"),
    "continued-in": told("continued-in"),
  };
  /** A sub-agent's file has marks of its own, which are not the conversation's. */
  const conversationOnly: ReadonlySet<string> = new Set([
    "permission-mode",
    "custom-title",
    "queue-operation",
    "ai-title",
    "pr-link",
    "ended-by-model",
    "continued-in",
  ]);

  function read(line: Json): Parsed {
    const stamp = Date.parse(str(line["timestamp"]) ?? "");
    w.begin(Number.isNaN(stamp) ? undefined : stamp);
    // In its own file every line of a sub-agent is marked so; in the main file such lines are another's.
    if (line["isSidechain"] === true && parent === undefined) return w.out;
    const type = line["type"];
    if (w.passesOver(LINES, "line", type, line) || (parent !== undefined && conversationOnly.has(String(type)))) return w.out;
    readers[type as keyof typeof readers](line);
    readTime(line);
    return w.out;
  }

  function begins(line: Json): boolean {
    if (parent !== undefined || context.history || line["isSidechain"] === true || line["entrypoint"] === CLI) return false;
    const uuid = str(line["submitUuid"]) ?? str(line["uuid"]) ?? "";
    const sent = context.promptOf(uuid);
    if (uuid === state.turn?.id) return false;
    if (line["type"] !== "user") return line["type"] === "system" && sent !== undefined;
    const { kind } = classifyUserLine(line, sent?.text);
    return kind === "prompt" || kind === "wake" || kind === "foreign" || (kind === "command" && sent !== undefined);
  }

  return {
    read,
    state,
    begins,
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
