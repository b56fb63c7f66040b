/** Rows, one after the other, into entries. Appending a row touches only what it says something about. */
import type { AgentEvent, Message, TodoItem, TokenUsage } from "@hapi/protocol";
import { decodeContent } from "../envelope/decode.ts";
import { isDeviceState, stateOfRow } from "../prompt-states.ts";
import { laterStage } from "../stages.ts";
import { positionOf } from "../sync/rows.ts";
import { extractTodos } from "../todos.ts";
import { type Container, createContainer, type Entry, kept, type SimpleEntry, type ToolEntry, touch, touchTool } from "./entries.ts";
import type { NoticeItem, PromptItem, RetryingItem, TimelineItem, TurnEndItem } from "./view-model.ts";

type Of<T extends AgentEvent["type"]> = Extract<AgentEvent, { type: T }>;

export interface Fold {
  readonly top: Container;
  readonly tools: Map<string, ToolEntry>;
  readonly prompts: Map<string, SimpleEntry>;
  usage: TokenUsage | null;
  todos: readonly TodoItem[] | null;
  running: boolean;
  /** An item of this key was made from a row. */
  has(key: string): boolean;
  append(row: Message): void;
  /** The row of a prompt changed in place (stage, time); false when that row is no prompt here. */
  update(row: Message): boolean;
}

/** Decoding is the costly part and content never changes: once per content object. */
const decoded = new WeakMap<object, AgentEvent[]>();

function eventsOf(row: Message): AgentEvent[] {
  const { content } = row;
  if (typeof content !== "object" || content === null) return decodeContent(content, row);
  const known = decoded.get(content);
  if (known) return known;
  const events = decodeContent(content, row);
  decoded.set(content, events);
  return events;
}

function addUsage(sum: TokenUsage | null, more: TokenUsage): TokenUsage {
  if (!sum) return more;
  const costUsd = sum.costUsd === undefined && more.costUsd === undefined ? {} : { costUsd: (sum.costUsd ?? 0) + (more.costUsd ?? 0) };
  return {
    ...more,
    inputTokens: sum.inputTokens + more.inputTokens,
    outputTokens: sum.outputTokens + more.outputTokens,
    cacheReadTokens: sum.cacheReadTokens + more.cacheReadTokens,
    cacheCreationTokens: sum.cacheCreationTokens + more.cacheCreationTokens,
    ...costUsd,
  };
}

const compactContext = (context: { contextTokens?: number | undefined; contextWindow?: number | undefined }): Partial<TokenUsage> =>
  Object.fromEntries(Object.entries(context).filter(([, value]) => value !== undefined));

const outcomeRank = { completed: 0, interrupted: 1, failed: 2 };

function turnEndOf(event: Of<"turn-ended">, at: number, known: Pick<TurnEndItem, "durationMs" | "usage">): TurnEndItem {
  return {
    type: "turn-end",
    key: `turn-end:${event.id}`,
    at,
    outcome: event.outcome,
    durationMs: event.durationMs ?? known.durationMs,
    usage: event.usage ?? known.usage,
    failure: event.failure ?? null,
  };
}

/** Two words on the same end: the worse outcome, and what either knows. */
function mergedTurnEnd(before: TurnEndItem, said: TurnEndItem): TurnEndItem {
  return {
    ...before,
    outcome: outcomeRank[before.outcome] > outcomeRank[said.outcome] ? before.outcome : said.outcome,
    durationMs: said.durationMs ?? before.durationMs,
    usage: said.usage ?? before.usage,
    failure: said.failure ?? before.failure,
  };
}

export function promptOfRow(row: Message, event: Of<"user-message">, hasRecord: boolean): PromptItem {
  const said = stateOfRow(row);
  const stage = hasRecord && row.localId !== null ? laterStage(said, "in-transcript") : said;
  return {
    type: "prompt",
    key: `prompt:${event.localId ?? event.id}`,
    at: positionOf(row).at,
    messageId: row.id,
    localId: event.localId ?? null,
    text: event.text,
    attachments: event.attachments ?? [],
    origin: event.origin,
    stage,
    detail: row.stageDetail ?? null,
    scheduledAt: row.scheduledAt ?? null,
    waiting: row.waiting ?? null,
    steered: row.steered ?? false,
  };
}

function noticeOf(event: Of<"notice">, base: { key: string; at: number }): NoticeItem {
  const { level, text, command = null, format, code = null, params = {} } = event;
  return { ...base, type: "notice", level, text, command, isMarkdown: format === "markdown", code, params };
}

export function createFold(earlier: ReadonlyMap<string, TimelineItem>): Fold {
  const top = createContainer();
  const tools = new Map<string, ToolEntry>();
  const simple = new Map<string, SimpleEntry>();
  const prompts = new Map<string, SimpleEntry>();
  const promptRows = new Map<string, { key: string; event: Of<"user-message"> }>();
  const homes = new Map<string, Container>();
  const records = new Set<string>();
  const open = new Set<ToolEntry>();
  let plan: string | null = null;
  let turnUsage: TokenUsage | null = null;
  let turnStartedAt: number | null = null;
  let isEndOpen = false;

  function place(container: Container, entry: Entry): void {
    const last = container.entries.at(-1);
    if (last?.kind === "simple" && last.item.type === "retrying" && last.item.active) last.item = { ...last.item, active: false };
    container.entries.push(entry);
    touch(container);
  }

  function put(container: Container, item: TimelineItem): SimpleEntry {
    const known = simple.get(item.key);
    const next = kept(earlier, item);
    if (known) {
      known.item = next;
      touch(homes.get(item.key) ?? container);
      return known;
    }
    const entry: SimpleEntry = { kind: "simple", key: item.key, item: next };
    simple.set(item.key, entry);
    homes.set(item.key, container);
    place(container, entry);
    return entry;
  }

  function toolOf(callId: string, home: Container, at: number): ToolEntry {
    const known = tools.get(callId);
    if (known) return known;
    const tool: ToolEntry = {
      kind: "tool",
      key: `tool:${callId}`,
      callId,
      call: null,
      result: null,
      startedAt: at,
      endedAt: null,
      closed: null,
      live: null,
      request: null,
      decision: null,
      children: createContainer(),
      home,
      item: null,
    };
    tool.children.owner = tool;
    tools.set(callId, tool);
    open.add(tool);
    place(home, tool);
    return tool;
  }

  /** Where an event belongs: the conversation, or the sub-agent it names. */
  function homeOf(event: AgentEvent, at: number): Container {
    if (event.parent === undefined || event.parent === event.id) return top;
    const owner = toolOf(event.parent, top, at);
    if (owner.closed && !owner.result) {
      owner.closed = null;
      open.add(owner);
      touchTool(owner);
    }
    return owner.children;
  }

  function prompt(event: Of<"user-message">, row: Message, home: Container): void {
    const { localId } = event;
    const isRecord = localId !== undefined && row.localId === null;
    if (isRecord) records.add(localId);
    const known = localId === undefined ? undefined : prompts.get(localId);
    if (known?.item.type === "prompt" && isRecord) {
      const { stage } = known.item;
      const said = stage === null || isDeviceState(stage) ? null : stage;
      known.item = kept(earlier, { ...known.item, stage: laterStage(said, "in-transcript") });
      return touch(homes.get(known.key) ?? home);
    }
    const item = promptOfRow(row, event, localId !== undefined && records.has(localId));
    const entry = put(home, isRecord ? { ...item, messageId: null } : item);
    if (localId !== undefined) prompts.set(localId, entry);
    if (!isRecord) promptRows.set(row.id, { key: item.key, event });
  }

  function toolCall(event: Of<"tool-call">, home: Container, at: number): void {
    const tool = toolOf(event.id, home, at);
    if (!tool.call) tool.startedAt = at;
    tool.call = event;
    touchTool(tool);
  }

  function toolResult(event: Of<"tool-result">, home: Container, at: number): void {
    const tool = toolOf(event.callId, home, at);
    tool.result = event;
    tool.endedAt = at;
    open.delete(tool);
    touchTool(tool);
  }

  function showPlan(entries: readonly TodoItem[], event: AgentEvent, home: Container, at: number): void {
    // An empty list is the end of one: what was shown stays as it was, and the next begins anew.
    if (entries.length === 0) {
      if (home === top) plan = null;
      return;
    }
    const key = home === top ? (plan ??= `plan:${event.id}`) : `plan:${event.parent}`;
    const first = simple.get(key)?.item.at ?? at;
    put(home, { type: "plan", key, at: first, entries, completed: entries.filter((todo) => todo.status === "completed").length });
  }

  function turnEnd(event: Of<"turn-ended">, at: number): void {
    const last = top.entries.at(-1);
    const before = isEndOpen && last?.kind === "simple" && last.item.type === "turn-end" ? last.item : null;
    const elapsed = turnStartedAt === null ? null : Math.max(0, at - turnStartedAt);
    const said = turnEndOf(event, at, { durationMs: elapsed, usage: turnUsage });
    put(top, before ? mergedTurnEnd(before, said) : said);
    for (const tool of open) {
      tool.closed = event.outcome === "completed" ? "completed" : "cancelled";
      touchTool(tool);
    }
    open.clear();
    isEndOpen = true;
    plan = null;
    turnUsage = null;
    turnStartedAt = null;
    fold.running = false;
    if (event.usage) learnContext(event.usage);
  }

  function retrying(event: Of<"retrying">, home: Container, at: number): void {
    const last = home.entries.at(-1);
    const key = last?.kind === "simple" && last.item.type === "retrying" ? last.key : `retrying:${event.id}`;
    const { attempt, maxAttempts, delayMs, failure } = event;
    const item: RetryingItem = { type: "retrying", key, at, attempt, maxAttempts, nextAt: at + delayMs, failure, active: true };
    put(home, item);
  }

  function apply(event: AgentEvent, row: Message): void {
    const { at } = positionOf(row);
    const home = homeOf(event, at);
    if (home === top) note(event, at);
    const base = { key: `${event.type}:${event.id}`, at };
    switch (event.type) {
      case "user-message":
        return prompt(event, row, home);
      case "agent-message":
        return void put(home, { type: "text", key: `text:${event.id}`, at, text: event.text, streaming: false });
      case "thought":
        return void put(home, { type: "thought", key: `thought:${event.id}`, at, text: event.text, streaming: false });
      case "tool-call":
        return toolCall(event, home, at);
      case "tool-result":
        return toolResult(event, home, at);
      case "plan":
        return showPlan(event.entries, event, home, at);
      case "turn-ended":
        return home === top ? turnEnd(event, at) : undefined;
      case "retrying":
        return retrying(event, home, at);
      case "notice":
        return void put(home, noticeOf(event, base));
      case "switch":
        return void put(home, { ...base, type: "switch", mode: event.mode });
      case "mode-changed":
        return void put(home, { ...base, type: "change", what: "permission-mode", value: event.mode });
      case "model-changed":
        return void put(home, { ...base, type: "change", what: "model", value: event.model });
      case "title-changed":
        return void put(home, { ...base, type: "change", what: "title", value: event.title });
      case "unknown":
        return void put(home, { ...base, type: "unknown", raw: event.raw });
      // told by other items
      case "usage":
      case "turn-started":
        return undefined;
    }
  }

  /** The size of the window stays known where a later word does not name it. */
  function withWindow(usage: TokenUsage): TokenUsage {
    const { contextWindow = fold.usage?.contextWindow } = usage;
    return contextWindow === undefined ? usage : { ...usage, contextWindow };
  }

  /** The end of a turn adds up its requests; of the context it says how much fits, which some agents tell nowhere else, and mostly what it holds. */
  function learnContext(ofTurn: TokenUsage): void {
    const { contextTokens, contextWindow } = ofTurn;
    if (contextTokens === undefined && (contextWindow === undefined || !fold.usage)) return;
    fold.usage = withWindow({ ...(fold.usage ?? ofTurn), ...compactContext({ contextTokens, contextWindow }) });
  }

  /** What the main conversation's events say beyond their own item. */
  function note(event: AgentEvent, at: number): void {
    if (event.type === "usage") {
      fold.usage = withWindow(event.usage);
      turnUsage = addUsage(turnUsage, event.usage);
    }
    if (event.type === "turn-started") turnStartedAt = at;
    const isEmptyPlan = event.type === "plan" && event.entries.length === 0;
    const isWork = !isEmptyPlan && ["agent-message", "thought", "tool-call", "turn-started", "retrying", "plan"].includes(event.type);
    if (isWork) fold.running = true;
    if (isWork || event.type === "user-message") isEndOpen = false;
    const todos = extractTodos([event], fold.todos);
    if (!todos) return;
    fold.todos = todos;
    if (event.type !== "plan") showPlan(todos, event, top, at);
  }

  const fold: Fold = {
    top,
    tools,
    prompts,
    usage: null,
    todos: null,
    running: false,
    has: (key) => simple.has(key),
    append(row) {
      for (const event of eventsOf(row)) apply(event, row);
    },
    update(row) {
      const known = promptRows.get(row.id);
      const entry = known && simple.get(known.key);
      if (!known || !entry) return false;
      const item = promptOfRow(row, known.event, known.event.localId !== undefined && records.has(known.event.localId));
      entry.item = kept(earlier, item);
      touch(homes.get(known.key) ?? top);
      return true;
    },
  };
  return fold;
}
