/** `session/update` → events. One update is one line; `start`, the offset of its first byte, names what begins with it. */
import { shortText } from "@hapi/core";
import { fields, filled, list, number, text, type Fields } from "../shared/read.ts";
import { agentWentOn } from "./closings.ts";
import { applyConfigOptions, modeOptionValue } from "./facts.ts";
import { agentMode, appliesMode, hapiMode } from "./modes.ts";
import { LIMITS, type Translation } from "./state.ts";
import { readBlock, settleTools, toolUpdate } from "./tools.ts";
import { endItem, turnBegins } from "./turns.ts";
import { planIs } from "./todos.ts";
import { spokenError, unknownWord } from "./words.ts";

/** Updates that show that the agent works on the prompt. Others come at any time. */
const working = new Set(["user_message_chunk", "agent_message_chunk", "agent_thought_chunk", "tool_call", "tool_call_update", "plan"]);

/** Updates that an agent sends only while it does not wait for an answer. */
const goesOn = new Set(["agent_message_chunk", "agent_thought_chunk", "tool_call", "tool_call_update"]);

export function sessionUpdate(to: Translation, update: Fields, start: number): void {
  const type = text(update["sessionUpdate"]) ?? "";
  if (working.has(type)) turnBegins(to);
  if (goesOn.has(type)) agentWentOn(to, filled(update["toolCallId"]));
  switch (type) {
    case "agent_message_chunk":
      return chunk(to, "text", update, start);
    case "agent_thought_chunk":
      return chunk(to, "thought", update, start);
    case "user_message_chunk":
      return userChunk(to, update, start);
    case "tool_call":
    case "tool_call_update":
      endItem(to);
      return toolUpdate(to, update, type === "tool_call");
    case "plan":
      endItem(to);
      settleTools(to);
      return planIs(to, list(update["entries"]), start);
    default:
      return factUpdate(to, type, update, start);
  }
}

/** What is true of the session rather than said in it; also read while a conversation is being loaded. */
export function factUpdate(to: Translation, type: string, update: Fields, start: number): void {
  const { state } = to;
  switch (type) {
    case "available_commands_update": {
      const slashCommands = list(update["availableCommands"]).flatMap((command) => filled(fields(command)["name"]) ?? []);
      return to.emit({ type: "facts", slashCommands: slashCommands.slice(0, 500) });
    }
    case "current_mode_update":
      return modeIs(to, text(update["currentModeId"]));
    case "config_option_update": {
      const before = state.facts.model;
      const thought = state.facts.thought?.value;
      applyConfigOptions(state.facts, update["configOptions"]);
      if (state.facts.model !== before) to.emit({ type: "model", model: state.facts.model });
      if (state.facts.thought && state.facts.thought.value !== thought) to.emit({ type: "effort", effort: state.facts.thought.value });
      return modeIs(to, modeOptionValue(update["configOptions"]));
    }
    case "session_info_update": {
      const title = filled(update["title"]);
      if (title) to.emit({ type: "title", title: shortText(title, 500) });
      return;
    }
    case "usage_update":
      return gauge(to, update);
    case "notice":
      return notice(to, update, start);
    default:
      // Of a conversation that is told again: history already.
      if (!working.has(type)) unknownWord(to, { place: "update", word: type, raw: update, start });
  }
}

function modeIs(to: Translation, agentModeId: string | undefined): void {
  const { mode: current, facts } = to.state;
  if (agentModeId !== undefined) facts.mode = agentModeId;
  const mode = hapiMode(to.profile, agentModeId, facts.options);
  if (mode === null || mode === current) return;
  // Held in its asking mode while the session's policy applies a mode that it does not know: that is no change.
  if (current !== null && !appliesMode(to.profile, facts, current) && agentModeId === agentMode(to.profile, "default")) return;
  to.state.mode = mode;
  to.emit({ type: "mode", mode });
}

function shownText(content: unknown): string {
  const [block] = readBlock(content);
  return block?.type === "text" ? block.text : block?.type === "image" ? `[image ${block.mimeType}]` : "";
}

function chunk(to: Translation, kind: "text" | "thought", update: Fields, start: number): void {
  const { state } = to;
  const delta = shownText(update["content"]);
  const messageId = filled(update["messageId"]) ?? null;
  const item = state.item;
  const same = item && item.kind === kind && (messageId === null || item.messageId === null || item.messageId === messageId);
  if (item && (!same || item.text.length >= LIMITS.itemChars)) endItem(to);
  if (delta === "") return;
  if (kind === "text" && spokenError(to, delta, start)) return;
  settleTools(to);
  state.item ??= { id: `${state.launchId}:${start}`, kind, messageId, text: "" };
  state.item.messageId ??= messageId;
  to.emit({ type: "stream", delta: { itemId: state.item.id, kind, offset: state.item.text.length, delta } });
  state.item.text += delta;
}

/** An echo of our prompt is only a sign. Words of the user that are not ours come from another client of the same agent. */
function userChunk(to: Translation, update: Fields, start: number): void {
  if (to.state.turn) return;
  const [block] = readBlock(update["content"]);
  if (block?.type !== "text" || block.text.trim() === "") return;
  endItem(to);
  const id = `${to.state.launchId}:${start}`;
  to.emit({ type: "record", key: `${id}:user`, at: to.now(), event: { type: "user-message", id, text: block.text, origin: "terminal" } });
}

function gauge(to: Translation, update: Fields): void {
  const { state } = to;
  const used = number(update["used"]);
  const size = number(update["size"]);
  if (used !== undefined && size !== undefined) state.gauge = { used, size };
  const cost = fields(update["cost"]);
  const total = number(cost["amount"]);
  if (total !== undefined && cost["currency"] === "USD") state.cost = { total, reported: state.cost?.reported ?? 0 };
}

function notice(to: Translation, update: Fields, start: number): void {
  const title = filled(update["title"]);
  if (!title) return;
  const description = filled(update["description"]);
  const level = update["severity"] === "info" ? ("info" as const) : ("warning" as const);
  const id = `${to.state.launchId}:${start}`;
  to.emit({
    type: "record",
    key: `${id}:notice`,
    at: to.now(),
    event: { type: "notice", id, text: description ? `${title}. ${description}` : title, level },
  });
}
