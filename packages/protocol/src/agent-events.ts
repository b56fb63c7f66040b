/**
 * The canonical agent event: what every driver translates into, in ACP's words. `core` has the one codec between these and the stored
 * envelope (`encodeEvent` / `decodeContent`). `id` is the agent's own item id (uuid of a Claude line, ACP tool call id, …).
 */
import type { Attachment } from "./message.ts";
import type { NoticeParams } from "./notices.ts";
import type { TodoItem } from "./session.ts";

/** ACP tool kinds: they choose the icon, the verb and the view. */
export const TOOL_KINDS = [
  "read",
  "edit",
  "delete",
  "move",
  "search",
  "execute",
  "think",
  "fetch",
  "agent",
  "todo",
  "question",
  "plan",
  "other",
] as const;
export type ToolKind = (typeof TOOL_KINDS)[number];

export type ToolContent =
  | { type: "text"; text: string }
  /** Texts of the whole file, or of a piece of it; then `oldStart` and `newStart` are the numbers of its first line (from 1), where known. */
  | { type: "diff"; path: string; oldText: string | null; newText: string; oldStart?: number; newStart?: number }
  | { type: "image"; mimeType: string; data: string }
  | { type: "terminal"; command?: string; stdout: string; stderr?: string; exitCode?: number | null };

export interface TokenUsage {
  inputTokens: number;
  outputTokens: number;
  cacheReadTokens: number;
  cacheCreationTokens: number;
  /** What the next request carries along, and how much fits: the context gauge. */
  contextTokens?: number;
  contextWindow?: number;
  /** Dollars as the agent itself reckons them. */
  costUsd?: number;
  model?: string;
}

/** A model or agent failure, typed so that the UI can say whether and when to try again. */
export interface AgentFailure {
  /** `rate_limit`: too much in a moment. `usage_limit`: what the account may use within hours or days is used up. */
  code: "overloaded" | "rate_limit" | "usage_limit" | "network" | "auth" | "invalid_request" | "server_error" | "agent_exited" | "unknown";
  message: string;
  retryable: boolean;
  retryAfterMs?: number;
  /** When a usage limit is over, as the provider says; epoch milliseconds. */
  resetsAt?: number;
  httpStatus?: number;
  /** Of the error table, where the agent could not even be started. */
  cause?: string;
}

export type TurnOutcome = "completed" | "interrupted" | "failed";

interface Item {
  id: string;
  /** Tool call id of the sub-agent this belongs to. */
  parent?: string;
}

export type AgentEvent =
  | (Item & {
      type: "user-message";
      text: string;
      attachments?: Attachment[];
      /** the prompt this is the record of */ localId?: string;
      origin: "terminal" | "remote";
    })
  | (Item & { type: "agent-message"; text: string })
  | (Item & { type: "thought"; text: string })
  | (Item & {
      type: "tool-call";
      tool: string;
      kind: ToolKind;
      title: string;
      input: unknown;
      locations?: { path: string; line?: number }[];
    })
  | (Item & {
      type: "tool-result";
      /** the call's id; `id` is the result's own */ callId: string;
      status: "completed" | "failed" | "denied" | "cancelled";
      output: string;
      content?: ToolContent[];
      /** Ours. So long its call waited for a person. */
      waitedMs?: number;
    })
  | (Item & { type: "plan"; entries: TodoItem[] })
  | (Item & { type: "usage"; usage: TokenUsage })
  | (Item & { type: "turn-started"; localId?: string })
  | (Item & {
      type: "turn-ended";
      outcome: TurnOutcome;
      durationMs?: number;
      usage?: TokenUsage;
      failure?: AgentFailure;
      localIds?: string[];
    })
  | (Item & { type: "retrying"; attempt: number; maxAttempts: number; delayMs: number; failure: AgentFailure })
  | (Item & { type: "switch"; mode: "local" | "remote" })
  | (Item & { type: "mode-changed"; mode: string })
  | (Item & { type: "model-changed"; model: string | null })
  | (Item & { type: "title-changed"; title: string })
  | (Item & {
      type: "notice";
      text: string;
      level: "info" | "warning";
      /** What a person entered that this is the output of: a command of the agent's own (`/context`), or of the shell (`!ls`). */
      command?: string;
      /** Of what language `text` is, where not plain. */
      format?: "markdown";
      /** Of HAPI's own words, a `NoticeCode` with its parameters, of which `text` was made; another version may know others. */
      code?: string;
      params?: NoticeParams;
    })
  /** Something an agent or another client said that we have no word for: kept, shown as raw. */
  | (Item & { type: "unknown"; raw: unknown });

export type AgentEventType = AgentEvent["type"];

/** Live text on its way: shown meanwhile, never stored. `offset` counts UTF-16 units of the item's text before `delta`. */
export interface StreamDelta {
  itemId: string;
  kind: "text" | "thought" | "tool-output";
  offset: number;
  delta: string;
  parent?: string;
}
