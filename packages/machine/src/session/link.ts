/**
 * What the session process needs of its hub connection. The connection comes and goes by itself; nothing here blocks a session that has no hub.
 * `client-link.ts` implements it over the hub client, tests implement it in memory.
 */
import type { Message, PromptStage, Session, StreamDelta, UpdateBody, VersionedAck } from "@hapi/protocol";

export interface AliveFacts {
  thinking: boolean;
  mode: "local" | "remote";
  permissionMode?: string;
  model: string | null;
}

export interface StageReport {
  localId: string;
  stage: PromptStage;
  at: number;
  detail?: { code?: string; message?: string; retryable?: boolean };
}

export interface Registration {
  id: string;
  tag: string;
  metadata: unknown;
  agentState: unknown;
  model?: string | null;
}

export type RpcHandler = (params: unknown) => Promise<unknown>;

export interface LinkListeners {
  /** The socket is up; everything that must be said again is said now. */
  connected: () => void;
  disconnected: () => void;
  /** The answer of the two kinds that take one goes back to the hub. */
  update: (body: UpdateBody) => unknown;
}

export interface SessionLink {
  readonly connected: boolean;
  /** Creates or finds the row at the hub. Throws an `AppError`; `retryable` says whether later may be better. */
  register(registration: Registration): Promise<Session>;
  /** Rows of this session after `afterSeq`, oldest first, at most `limit`. */
  messagesAfter(afterSeq: number, limit: number): Promise<Message[]>;
  /** Opens the socket and keeps it open; only after `register` worked once. */
  open(handlers: Readonly<Record<string, RpcHandler>>): void;
  on<E extends keyof LinkListeners>(event: E, listener: LinkListeners[E]): () => void;

  /** Resolves when the hub has it on disk. Rejects with an `AppError`, at the latest when the connection breaks. */
  sendMessage(message: { key: string; content: unknown; createdAt: number }): Promise<void>;
  sendStage(report: StageReport): Promise<void>;
  updateMetadata(expectedVersion: number, metadata: unknown): Promise<VersionedAck<"metadata">>;
  updateState(expectedVersion: number, agentState: unknown): Promise<VersionedAck<"agentState">>;
  consumed(localIds: readonly string[]): void;
  stream(delta: StreamDelta & { done?: boolean }): void;
  alive(facts: AliveFacts): void;
  ready(): void;
  /** Says that the session is over, and waits (bounded) until the hub heard it. */
  end(reason: string): Promise<void>;
  close(): Promise<void>;
}
