/** What rows mean, as it was read when they were stored: one stream over all sessions, for consumers that must not miss any of it. A port. */
import type { AnyFact } from "@hapi/protocol";

export interface StoredFacts {
  /** In the log: it grows over all sessions, and what is stored later has a greater one. */
  place: number;
  sessionId: string;
  namespace: string;
  /** By the hub's clock, when it was stored. */
  at: number;
  /** Of the message they are read from; null: of a request. */
  seq: number | null;
  facts: AnyFact[];
}

export interface FactPage {
  facts: StoredFacts[];
  /** Up to where it was looked: the page after it begins there. */
  next: number;
  hasMore: boolean;
  /** As of the session's messages: with another one places mean something else. */
  epoch: number;
}

/** Before every place there is. */
export const firstPlace = Number.MIN_SAFE_INTEGER;

export interface FactStore {
  /** Behind `place`, in the order of their places. */
  after(place: number, limit: number): Promise<StoredFacts[]>;
  /**
   * Of one session, at most so many. Rows of before the first version that stored facts, and those of a history that was copied, are read when they are
   * asked for; their places lie below zero, and no consumer is given them.
   */
  ofSession(sessionId: string, after: number, limit: number): Promise<FactPage>;
  /** Up to where a consumer has taken them. Who asks for the first time begins with what comes from now on. */
  cursor(consumer: string): Promise<number>;
  moveCursor(consumer: string, place: number): Promise<void>;
}
