/**
 * Rows, one after the other, into entries. Appending a row touches only what it says something about. Here events meet what came before them; what
 * one says by itself is in `items.ts`, what it means for the turn in `turn.ts`, and where entries stand in `board.ts`.
 */
import type { AgentEvent, Message, TodoItem, TokenUsage } from "@hapi/protocol";
import { decodeContent } from "../envelope/decode.ts";
import { positionOf } from "../sync/rows.ts";
import { extractTodos } from "../todos.ts";
import { type Board, closeTools, insideOf, lastItem, put, say, toolOf } from "./board.ts";
import { type Container, createContainer, remembered, type SimpleEntry, touchTool } from "./entries.ts";
import { itemOf, type Of, planItem, promptOfRow, recordedPrompt, retryingItem } from "./items.ts";
import { NO_TURN, type Turn, turnAfter, turnEndItem, TURN_OVER, withContext, withWindow } from "./turn.ts";
import type { TimelineItem } from "./view-model.ts";

export interface Fold extends Board {
  /** By the key its device gave it. */
  readonly prompts: Map<string, SimpleEntry>;
  /** Rows of prompts that may change in place, by id. */
  readonly promptRows: Map<string, { entry: SimpleEntry; event: Of<"user-message"> }>;
  /** Prompts that the agent's own record shows, by the key of their device. */
  readonly records: Set<string>;
  turn: Turn;
  /** The key of the conversation's plan, as long as it is the same one. */
  plan: string | null;
  usage: TokenUsage | null;
  todos: readonly TodoItem[] | null;
}

export const createFold = (earlier: ReadonlyMap<string, TimelineItem>): Fold => ({
  earlier,
  top: createContainer(),
  tools: new Map(),
  simple: new Map(),
  open: new Set(),
  prompts: new Map(),
  promptRows: new Map(),
  records: new Set(),
  turn: NO_TURN,
  plan: null,
  usage: null,
  todos: null,
});

/** Decoding is the costly part and content never changes: once per content object. */
const decoded = new WeakMap<object, AgentEvent[]>();

function eventsOf(row: Message): AgentEvent[] {
  const { content } = row;
  if (typeof content !== "object" || content === null) return decodeContent(content, row);
  return remembered(decoded, content, () => decodeContent(content, row));
}

/** An event's place: the conversation or a sub-agent, and Unix ms. */
interface Place {
  home: Container;
  at: number;
}

function showPrompt(fold: Fold, event: Of<"user-message">, { row, home }: { row: Message; home: Container }): void {
  const { localId } = event;
  const isRecord = localId !== undefined && row.localId === null;
  if (isRecord) fold.records.add(localId);
  const known = localId === undefined ? undefined : fold.prompts.get(localId);
  if (known?.item.type === "prompt" && isRecord) return say(fold, known, recordedPrompt(known.item));
  const item = promptOfRow(row, event, hasRecord(fold, event));
  const entry = put(fold, home, isRecord ? { ...item, messageId: null } : item);
  if (localId !== undefined) fold.prompts.set(localId, entry);
  if (!isRecord) fold.promptRows.set(row.id, { entry, event });
}

const hasRecord = ({ records }: Fold, { localId }: Of<"user-message">): boolean => localId !== undefined && records.has(localId);

function showCall(fold: Fold, event: Of<"tool-call">, place: Place): void {
  const tool = toolOf(fold, event.id, place);
  if (!tool.call) tool.startedAt = place.at;
  tool.call = event;
  touchTool(tool);
}

function showResult(fold: Fold, event: Of<"tool-result">, place: Place): void {
  const tool = toolOf(fold, event.callId, place);
  tool.result = event;
  tool.endedAt = place.at;
  fold.open.delete(tool);
  touchTool(tool);
}

/** @param told the list, and the event that tells it: a plan, or a todo tool */
function showPlan(fold: Fold, told: Pick<AgentEvent, "id" | "parent"> & { entries: readonly TodoItem[] }, { home, at }: Place): void {
  const { entries } = told;
  const isMain = home === fold.top;
  // An empty list is the end of one: what was shown stays as it was, and the next begins anew.
  if (entries.length === 0) {
    if (isMain) fold.plan = null;
    return;
  }
  const key = isMain ? (fold.plan ??= `plan:${told.id}`) : `plan:${told.parent}`;
  put(fold, home, planItem(key, fold.simple.get(key)?.item.at ?? at, entries));
}

function endTurn(fold: Fold, event: Of<"turn-ended">, at: number): void {
  const { turn, top } = fold;
  const last = lastItem(top);
  const before = turn.isEndOpen && last?.type === "turn-end" ? last : null;
  put(fold, top, turnEndItem(event, at, { turn, before }));
  closeTools(fold, event.outcome === "completed" ? "completed" : "cancelled");
  fold.plan = null;
  fold.turn = TURN_OVER;
  if (event.usage) fold.usage = withContext(fold.usage, event.usage);
}

function showRetry(fold: Fold, event: Of<"retrying">, { home, at }: Place): void {
  const last = lastItem(home);
  const key = last?.type === "retrying" ? last.key : `retrying:${event.id}`;
  put(fold, home, retryingItem(key, at, event));
}

/** What the main conversation's events say beyond their own item. */
function note(fold: Fold, event: AgentEvent, place: Place): void {
  if (event.type === "usage") fold.usage = withWindow(event.usage, fold.usage);
  fold.turn = turnAfter(fold.turn, event, place.at);
  const todos = extractTodos([event], fold.todos);
  if (!todos) return;
  fold.todos = todos;
  if (event.type !== "plan") showPlan(fold, { ...event, entries: todos }, place);
}

function apply(fold: Fold, event: AgentEvent, row: Message): void {
  const { at } = positionOf(row);
  const home = event.parent === undefined || event.parent === event.id ? fold.top : insideOf(fold, event.parent, at);
  const place = { home, at };
  const isMain = home === fold.top;
  if (isMain) note(fold, event, place);
  switch (event.type) {
    case "user-message":
      return showPrompt(fold, event, { row, home });
    case "tool-call":
      return showCall(fold, event, place);
    case "tool-result":
      return showResult(fold, event, place);
    case "plan":
      return showPlan(fold, event, place);
    case "turn-ended":
      return isMain ? endTurn(fold, event, at) : undefined;
    case "retrying":
      return showRetry(fold, event, place);
    // told by other items
    case "usage":
    case "turn-started":
      return undefined;
    default:
      put(fold, home, itemOf(event, at));
  }
}

export function appendRow(fold: Fold, row: Message): void {
  for (const event of eventsOf(row)) apply(fold, event, row);
}

/** The row of a prompt changed in place (stage, time); false when that row is no prompt here. */
export function updateRow(fold: Fold, row: Message): boolean {
  const known = fold.promptRows.get(row.id);
  if (!known) return false;
  say(fold, known.entry, promptOfRow(row, known.event, hasRecord(fold, known.event)));
  return true;
}
