/** What the transcript parser remembers between lines: JSON, so that it becomes durable together with the read offset. */
import type { TokenUsage } from "@hapi/protocol";
import type { Json } from "./json.ts";
import type { UnknownWords } from "../shared/unknown-words.ts";
import type { SaidPrompt } from "./rewinds.ts";
import type { TodoState } from "./todos.ts";

export interface OpenTurn {
  /** Uuid of the line that started it. */
  id: string;
  at: number;
  localIds: string[];
  usage: TokenUsage | null;
  /** The agent has said or done something in it. */
  answered?: boolean;
}

export interface ParserState {
  turn: OpenTurn | null;
  /** Calls without a result yet; only what results need of them. */
  calls: Record<string, { tool: string; input: Json }>;
  todos: TodoState;
  /** The message whose usage was counted last: each of its blocks repeats it. */
  usageOf: string | null;
  caveat: string | null;
  /** The user chose a model out of Claude's list; the next answer names it. */
  modelAsked: boolean;
  title: string | null;
  /** The conversation began in this session: what it cost so far is all ours. */
  fresh: boolean;
  /** Its first words: what it is named after. */
  first: string | null;
  /** Texts told lately: their live form is not to be shown again. */
  items: string[];
  /** What was typed behind the running turn and waits in the terminal's own queue. */
  queue?: string[];
  // The rest is absent in what an older HAPI remembered.
  /** The prompts said last, on this branch. */
  said?: SaidPrompt[];
  /** The command of Claude's own whose output is awaited. */
  command?: string;
  /** What was run with `!`, until its output comes. */
  shell?: string;
  /** Words that no table names, and how often they came. */
  unknown?: UnknownWords;
}

/** Calls that never get a result (killed agents) must not pile up. */
export const MAX_CALLS = 200;
const MAX_ITEMS = 50;
const MAX_WAITING = 100;
export const MAX_FIRST_WORDS = 1_000;
const MAX_INPUT_CHARS = 20_000;

export function emptyParserState(): ParserState {
  return {
    turn: null,
    calls: {},
    todos: [],
    usageOf: null,
    caveat: null,
    modelAsked: false,
    title: null,
    fresh: false,
    first: null,
    items: [],
  };
}

/** Inputs that are needed when the result comes: a command to show, a todo list. Long ones are cut away, they are in the call itself. */
export function rememberCall(state: ParserState, id: string, tool: string, input: Json): void {
  const small = JSON.stringify(input).length <= MAX_INPUT_CHARS ? input : {};
  state.calls[id] = { tool, input: small };
  const ids = Object.keys(state.calls);
  for (const oldest of ids.slice(0, Math.max(0, ids.length - MAX_CALLS))) delete state.calls[oldest];
}

export function rememberItem(state: ParserState, id: string): void {
  state.items = [...state.items, id].slice(-MAX_ITEMS);
}

/**
 * A `queue-operation` line (2.1.329): `enqueue` and `remove` name the text, `dequeue` takes the oldest, `popAll` (one line each) puts it back into
 * the input line. Null: nothing known of such an operation.
 */
export function queueAfter(queue: readonly string[], operation: string | undefined, content: string | undefined): string[] | null {
  if (operation === "enqueue") return [...queue, content ?? ""].slice(-MAX_WAITING);
  if (operation === "dequeue") return queue.slice(1);
  if (operation !== "remove" && operation !== "popAll") return null;
  const at = Math.max(0, queue.indexOf(content ?? ""));
  return queue.filter((_, index) => index !== at);
}

export function addUsage(sum: TokenUsage | null, one: TokenUsage): TokenUsage {
  if (!sum) return one;
  return {
    ...one,
    inputTokens: sum.inputTokens + one.inputTokens,
    outputTokens: sum.outputTokens + one.outputTokens,
    cacheReadTokens: sum.cacheReadTokens + one.cacheReadTokens,
    cacheCreationTokens: sum.cacheCreationTokens + one.cacheCreationTokens,
  };
}
