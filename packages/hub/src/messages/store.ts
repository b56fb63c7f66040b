/** What the hub remembers of messages: history, the prompt queue (rows with a local id that nobody took yet), and their stages. */
import type { PromptHolder } from "@hapi/core";
import type { Fact, LastTurn, Message, MessagesResponse, PromptStage, TodoItem } from "@hapi/protocol";

export interface NewRow {
  content: unknown;
  /** The same as JSON text, stored as it came. */
  text: string;
  key?: string;
  createdAt?: number;
  /** A row with one is a prompt in the queue. */
  localId?: string | null;
  /** What it means, in the stream of facts with it. */
  facts: readonly Fact[];
  /** Real content of the session, for the list. */
  isContent: boolean;
  /** A turn that ended before it is no longer the last one. */
  isWork: boolean;
  /** The todo list after this message, when it says something about it. */
  todos?: TodoItem[];
  /** It tells the end of a turn; `at` is the place for the hub's time. */
  turn?: LastTurn;
  origin?: string;
}

export interface NewPrompt {
  localId: string | null;
  content: unknown;
  scheduledAt: number | null;
  /** Accepted for an inactive session. */
  wake: boolean;
  /** `session`: it is connected, and gets the prompt with the commit. */
  holder: PromptHolder;
}

/** Prompts that may wait in one session; more are a runaway client. */
export const maxQueued = 1_000;

export type StoredPrompt =
  | { kind: "stored" | "repeated"; message: Message }
  | { kind: "missing" }
  | { kind: "full" }
  | { kind: "withdrawn" };

export type PageQuery =
  | { direction: "latest"; limit: number }
  | { direction: "before"; limit: number; at: number; seq: number }
  | { direction: "after"; limit: number; at: number; seq: number; until?: { at: number; seq: number }; epoch?: number };

export interface QueuedPrompt {
  sessionId: string;
  namespace: string;
  message: Message;
  wake: boolean;
}

/** A prompt that no session has taken. */
export interface WaitingRow {
  localId: string;
  acceptedAt: number;
  scheduledAt: number | null;
  /** It was accepted to start its session. */
  wakes: boolean;
  /** The agent has it since then, and has not begun with it. Absent: it is in the queue. */
  handedAt?: number;
}

export interface DuePrompt {
  sessionId: string;
  localId: string;
}

export interface StageReport {
  localId: string;
  stage: PromptStage;
  at: number;
  detail?: Record<string, unknown>;
}

export interface MessageStore {
  append(sessionId: string, row: NewRow): Promise<"stored" | "repeated" | "missing">;
  enqueue(sessionId: string, prompt: NewPrompt): Promise<StoredPrompt>;
  page(sessionId: string, query: PageQuery): Promise<MessagesResponse>;
  /** For a CLI that was away: rows after `seq`, without what it must not run. */
  since(sessionId: string, afterSeq: number, limit: number, now: number): Promise<Message[]>;
  find(sessionId: string, idOrLocalId: string): Promise<Message | null>;
  findLocal(sessionId: string, localIds: readonly string[]): Promise<Message[]>;
  /** Prompts a session should have now, oldest first. */
  deliverable(sessionId: string, now: number): Promise<QueuedPrompt[]>;
  /** Before a session gets these prompts: from then on only the session can say that they don't run. */
  markSent(sessionId: string, localIds: readonly string[]): Promise<void>;
  /** The session has forgotten these and never handed them: they are the hub's alone again. */
  returned(sessionId: string, localIds: readonly string[]): Promise<void>;
  holderOf(sessionId: string, localId: string): Promise<PromptHolder>;
  /** The oldest `limit` in the queue of which nobody has to say anything before. */
  waitingRows(sessionId: string, limit: number): Promise<WaitingRow[]>;
  /** Those that an agent has and has not begun with, handed before `until`, oldest first. */
  handedRows(sessionId: string, until: number, limit: number): Promise<WaitingRow[]>;
  /** That have a prompt in the queue, or one that the agent has and has not begun with. */
  sessionsWithQueue(limit: number): Promise<string[]>;
  /** Sessions that have prompts which were accepted to wake them. */
  waitingToWake(now: number): Promise<string[]>;
  /** Queued prompts stay, but start nothing any more. */
  rest(sessionId: string): Promise<void>;
  consume(sessionId: string, localIds: readonly string[], steered: boolean): Promise<void>;
  indeterminate(sessionId: string, localIds: readonly string[]): Promise<void>;
  steerState(sessionId: string, localIds: readonly string[], state: "queued" | "dispatching"): Promise<void>;
  requeue(sessionId: string, localIds: readonly string[]): Promise<void>;
  stage(sessionId: string, report: StageReport): Promise<void>;
  /** Why prompts still wait, beside their stage. */
  note(sessionId: string, localIds: readonly string[], detail: Record<string, unknown>): Promise<void>;
  /** `urlId` is what the caller named the row by; existing clients expect it back. */
  cancel(sessionId: string, localId: string, urlId: string): Promise<boolean>;
  /** Their time has come: tells it of each session that has one of them still in its queue. @returns those sessions */
  matured(prompts: readonly DuePrompt[]): Promise<string[]>;
  /** Per session: how many prompts are scheduled for later, and the next one. */
  scheduledCounts(namespace: string, now: number): Promise<Map<string, { count: number; next: number }>>;
  count(sessionId: string): Promise<{ messages: number; bytes: number }>;
  all(sessionId: string): Promise<Message[]>;
  hasHistory(sessionId: string): Promise<boolean>;
  /** Into a new session, up to and without the prompt `beforeLocalId`. Queued prompts stay where they are. */
  copyHistory(from: string, to: string, beforeLocalId?: string): Promise<void>;
}
