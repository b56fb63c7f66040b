/**
 * The view model of one session's chat: what a screen draws, made from message rows by `createTimeline` (builder.ts). Every item has a
 * `key` that never changes while the item lives (use it as React key) and is the same object as before as long as nothing in it changed
 * (so `memo` works). What HAPI itself has to say stands here as facts, for a screen to word in its language.
 */
import type {
  PromptWaiting,
  AgentFailure,
  AgentState,
  Attachment,
  Message,
  NoticeParams,
  TodoItem,
  TokenUsage,
  ToolContent,
  ToolKind,
} from "@hapi/protocol";
import type { DevicePromptState, RowPromptState } from "../prompt-states.ts";
import type { TimelineRequest, ToolDiff } from "./request-view.ts";

export type { TimelineQuestion, TimelineRequest, ToolDiff } from "./request-view.ts";

export interface TimelineInput {
  /** The window's rows in order of position, queued rows included (they end up in `Timeline.queue`). */
  messages: readonly Message[];
  /** Live text; `Object.values(window.streams)` of the sync state. */
  streams?: readonly StreamBuffer[];
  /** For open requests and decisions. */
  agentState?: AgentState | null;
  /** Prompts this client has not got a 2xx for yet. */
  outbox?: readonly OutboxPrompt[];
  /** The session's directory: paths below it are shown relative. */
  root?: string | null;
}

export interface Timeline {
  items: readonly TimelineItem[];
  /** Prompts that wait for the agent, oldest first: for the queue bar. They are not in `items`. */
  queue: readonly PromptItem[];
  /** Every open request, oldest first, whether or not it also hangs on a tool item; also those whose answer was sent. */
  requests: readonly TimelineRequest[];
  /** Newest usage of the main conversation: the context gauge. */
  usage: TokenUsage | null;
  /** The newest todo list seen in these rows; null when there is none (the session's own `todos` may know more). */
  todos: readonly TodoItem[] | null;
  /** A turn seems to run: started and not ended in these rows, or text is streaming. */
  running: boolean;
  /** What the agent does now, by its last open tool, else by what it streams; null when idle or unknown. */
  activity: Activity | null;
  /** The last turn of these rows failed in a way that can be tried again. */
  retryable: boolean;
}

export type Activity =
  | { what: "tool"; kind: ToolKind; tool: string; object: string; input: unknown }
  | { what: "thinking" }
  | { what: "writing" };

export type TimelineItem =
  | PromptItem
  | TextItem
  | ThoughtItem
  | ToolItem
  | ToolGroupItem
  | PlanItem
  | TurnEndItem
  | RetryingItem
  | NoticeItem
  | SwitchItem
  | ChangeItem
  | RequestItem
  | UnknownItem;

interface Base {
  key: string;
  /** When it happened (hub's clock, ms). */
  at: number;
}

export interface PromptItem extends Base {
  type: "prompt";
  /** Of the stored row; null while only the outbox has it, or when only the agent's record of it is in the window. */
  messageId: string | null;
  localId: string | null;
  text: string;
  attachments: readonly Attachment[];
  /** `terminal`: typed into the agent's own screen. */
  origin: "terminal" | "remote";
  /** null: nobody tells stages for it (another client's, or typed in the terminal). */
  stage: DevicePromptState | RowPromptState | null;
  /** Why it failed, was rejected, or is unknown. */
  detail: { code?: string; message?: string; retryable?: boolean } | null;
  scheduledAt: number | null;
  /** What a queued prompt waits for; null: the hub has not said so. */
  waiting: PromptWaiting | null;
  /** It went into a running turn instead of starting one. */
  steered: boolean;
}

export interface TextItem extends Base {
  type: "text";
  /** Markdown. */
  text: string;
  streaming: boolean;
}

export interface ThoughtItem extends Base {
  type: "thought";
  text: string;
  streaming: boolean;
}

/** `waiting`: a person must answer (see `request`). `running`: called, no result yet. */
export type ToolStatus = "running" | "waiting" | "completed" | "failed" | "denied" | "cancelled";

/** What came of a call: lines of output, the change it made, or the first line of what it said. */
export type ToolSummary =
  | { what: "lines"; count: number }
  /** A search without a find. */
  | { what: "nothing" }
  | { what: "exit"; code: number }
  /** It failed and said nothing. */
  | { what: "failed" }
  | { what: "changed"; added: number; removed: number }
  | { what: "said"; text: string };

export interface ToolItem extends Base {
  type: "tool";
  callId: string;
  /** The agent's own tool name. */
  tool: string;
  kind: ToolKind;
  status: ToolStatus;
  /** What it acts on: path (relative to the root), command, pattern, URL, or the agent's title. */
  object: string;
  /** What came of it; null while it runs, or where there is nothing to say. */
  summary: ToolSummary | null;
  input: unknown;
  locations: readonly { path: string; line?: number }[];
  /** Text of the result; null while there is none. */
  output: string | null;
  content: readonly ToolContent[];
  /** File changes, from the result or, before it, from the input: show them in an approval. */
  diffs: readonly ToolDiff[];
  /** Output so far, while it runs. */
  liveOutput: string | null;
  /** Between call and result, without the time a person took to allow it; null when either is not known. */
  durationMs: number | null;
  /** The open request of this very call. */
  request: TimelineRequest | null;
  /** How a request of this call was answered. */
  decision: ToolDecision | null;
  /** What a sub-agent did. */
  children: readonly TimelineItem[];
}

export interface ToolDecision {
  /** `approved`, `denied`, `canceled`, `resolved` … as in `completedRequests`. */
  status: string;
  reason: string | null;
  /** `person` (from a client), `terminal`, `policy`, `agent`; null: not told. */
  by: string | null;
  /** An answer from a client that is not what happened: it came too late, or nobody can say. `allow` or `deny`. */
  lost: "allow" | "deny" | null;
  /** How long the request was open; null: not known. */
  waitedMs: number | null;
}

/** Consecutive finished reads and searches. */
export interface ToolGroupItem extends Base {
  type: "tool-group";
  tools: readonly ToolItem[];
  /** Different files that were read, and searches that were made. */
  files: number;
  searches: number;
  running: boolean;
}

/** The todo list as it stood after this turn; one per turn, updated in place. */
export interface PlanItem extends Base {
  type: "plan";
  entries: readonly TodoItem[];
  completed: number;
}

export interface TurnEndItem extends Base {
  type: "turn-end";
  outcome: "completed" | "interrupted" | "failed";
  durationMs: number | null;
  /** Of the whole turn. */
  usage: TokenUsage | null;
  failure: AgentFailure | null;
}

/** The agent tries a model call again; several in a row are one item. */
export interface RetryingItem extends Base {
  type: "retrying";
  attempt: number;
  maxAttempts: number;
  /** When the next try starts. */
  nextAt: number;
  failure: AgentFailure;
  /** Still the last thing that happened. */
  active: boolean;
}

export interface NoticeItem extends Base {
  type: "notice";
  level: "info" | "warning";
  text: string;
  /** What was entered that this is the output of. */
  command: string | null;
  isMarkdown: boolean;
  /** Of HAPI's own words, for the reader's language. */
  code: string | null;
  params: NoticeParams;
}

export interface SwitchItem extends Base {
  type: "switch";
  mode: "local" | "remote";
}

export interface ChangeItem extends Base {
  type: "change";
  what: "permission-mode" | "model" | "title";
  value: string | null;
}

/** An open request whose call is not in the window. */
export interface RequestItem extends Base {
  type: "request";
  request: TimelineRequest;
}

export interface UnknownItem extends Base {
  type: "unknown";
  raw: unknown;
}

/** Live text of one item, built from `stream` events by the sync reducer. */
export interface StreamBuffer {
  itemId: string;
  kind: "text" | "thought" | "tool-output";
  text: string;
  parent?: string;
  /** Offset after the last delta heard. */
  end: number;
  /** Deltas were missed: an ellipsis stands for them in `text`; the stored message will bring all. */
  gap: boolean;
  done: boolean;
}

export interface OutboxPrompt {
  localId: string;
  text: string;
  attachments: readonly Attachment[];
  createdAt: number;
  scheduledAt?: number | null;
  state: DevicePromptState;
  error?: { code?: string; message?: string; retryable?: boolean };
}
