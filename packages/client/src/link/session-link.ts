/**
 * A session process's connection to its hub: REST for registration and backfill, the socket for the rest. It keeps nothing: the session's
 * ledger does, and says everything again, by key, whenever `connected` fires.
 */
import { type Message, type PromptStage, type Session, type StreamDelta, toAppError, type VersionedAck } from "@hapi/protocol";
import { type Clock, systemClock, wait } from "../clock.ts";
import type { Fetch } from "../http.ts";
import { createCliRest, type HubAddress, type Registration } from "./cli-rest.ts";
import { type ConnectionListeners, createConnection, type Dial, type RpcHandler } from "./connection.ts";

export interface SessionLinkOptions {
  hubUrl: HubAddress;
  token: string;
  sessionId: string;
  clock?: Clock;
  fetch?: Fetch;
  extraHeaders?: Record<string, string>;
  log?: (event: string, fields?: Record<string, unknown>) => void;
  dial?: Dial;
}

export interface AliveFacts {
  thinking: boolean;
  mode: "local" | "remote";
  permissionMode?: string;
  model: string | null;
  /** One of them, by the agent's flavor (`effortField`). */
  effort?: string | null;
  modelReasoningEffort?: string | null;
}

export interface StageReport {
  localId: string;
  stage: PromptStage;
  at: number;
  detail?: { code?: string; message?: string; retryable?: boolean };
}

export interface SessionLink {
  readonly connected: boolean;
  /**
   * Creates or finds the row at the hub. One that does not know the session and gave its tag to another (it was restored from an older copy) gets
   * it under a tag of its own. Throws an `AppError`; `retryable` says whether later may be better, `session_not_found` that a person deleted it.
   */
  register(registration: Registration, signal?: AbortSignal): Promise<Session>;
  /** The row as the hub has it. */
  session(signal?: AbortSignal): Promise<Session>;
  /** Rows of this session after `afterSeq`, oldest first, at most `limit` (200). */
  messagesAfter(afterSeq: number, limit: number, signal?: AbortSignal): Promise<Message[]>;
  /** Opens the socket and keeps it open; only after `register` worked once. */
  open(handlers: Readonly<Record<string, RpcHandler>>): void;
  /** Connects anew, if it is connected: for a hub that did not know the session when everything was said to it. */
  again(): void;
  on<E extends keyof ConnectionListeners>(event: E, listener: ConnectionListeners[E]): () => void;

  /** Resolves when the hub has it on disk. Rejects with an `AppError`, at the latest when the connection breaks. */
  sendMessage(message: { key: string; content: unknown; createdAt: number }): Promise<void>;
  sendStage(report: StageReport): Promise<void>;
  updateMetadata(expectedVersion: number, metadata: unknown): Promise<VersionedAck<"metadata">>;
  updateState(expectedVersion: number, agentState: unknown): Promise<VersionedAck<"agentState">>;
  consumed(localIds: readonly string[], how?: { steered: boolean }): void;
  indeterminate(localIds: readonly string[]): void;
  /** These wait at the hub alone from now on. Resolves when the hub has it on disk. */
  returned(localIds: readonly string[]): Promise<void>;
  stream(delta: StreamDelta & { done?: boolean }): void;
  alive(facts: AliveFacts): void;
  ready(): void;
  /** Says that the session is over, and waits (bounded) until the hub heard it. `holds`: prompts that it alone has, to be run by its next life. */
  end(reason: string, holds?: number): Promise<boolean>;
  close(): Promise<void>;
}

/** How long the end of a session waits for the hub. */
const END_WAIT_MS = 3_000;

export function createSessionLink(options: SessionLinkOptions): SessionLink {
  const { sessionId, clock = systemClock } = options;
  const sid = sessionId;
  const rest = createCliRest({ ...options, clock });
  const connection = createConnection({ ...options, clock, scope: { kind: "session", id: sessionId } });

  return {
    get connected() {
      return connection.connected;
    },
    async register(registration, signal) {
      try {
        return await rest.createSession(registration, signal);
      } catch (cause) {
        if (toAppError(cause).code !== "session_conflict") throw cause;
        return rest.createSession({ ...registration, tag: `${registration.tag}:${registration.id}` }, signal);
      }
    },
    session: (signal) => rest.session(sid, signal),
    messagesAfter: (afterSeq, limit, signal) => rest.messagesAfter(sid, afterSeq, limit, signal),
    open(handlers) {
      for (const [name, handler] of Object.entries(handlers)) connection.handle(name, handler);
      connection.open();
    },
    again: connection.again,
    on: connection.on,
    sendMessage: ({ key, content, createdAt }) => connection.send("message", { sid, key, createdAt, message: content }),
    sendStage: (report) => connection.send("message-stage", { sid, ...report }),
    updateMetadata: (expectedVersion, metadata) => connection.ask("update-metadata", { sid, expectedVersion, metadata }),
    updateState: (expectedVersion, agentState) => connection.ask("update-state", { sid, expectedVersion, agentState }),
    consumed: (localIds, how) => {
      const steered = how?.steered ? { steered: true } : {};
      if (localIds.length > 0) connection.tell("messages-consumed", { sid, localIds, ...steered });
    },
    indeterminate: (localIds) => {
      if (localIds.length > 0) connection.tell("messages-indeterminate", { sid, localIds });
    },
    returned: (localIds) => connection.send("messages-returned", { sid, localIds }),
    stream: (delta) => connection.tellIfFree("stream", { sid, ...delta }),
    alive: (facts) => connection.tell("session-alive", { sid, time: clock.now(), ...facts }),
    ready: () => connection.tell("session-ready", { sid, time: clock.now() }),
    async end(reason, holds = 0) {
      connection.tell("session-end", { sid, time: clock.now(), reason, ...(holds > 0 ? { holds } : {}) });
      if (!connection.connected) return false;
      const heard = connection.barrier().then(
        () => true,
        () => false,
      );
      const stop = new AbortController();
      const late = wait(END_WAIT_MS, clock, stop.signal).then(
        () => false,
        () => false,
      );
      const isHeard = await Promise.race([heard, late]);
      stop.abort();
      return isHeard;
    },
    async close() {
      connection.close();
    },
  };
}
