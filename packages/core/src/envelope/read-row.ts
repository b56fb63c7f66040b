/** Everything that is decided from a row, from one decoding of it, when it is stored. */
import type { Fact, LastTurn, TodoItem } from "@hapi/protocol";
import { isConversation, isWork, turnEndOf } from "../last-turn.ts";
import { extractTodos } from "../todos.ts";
import { factsOfEvents, rowEvents } from "./facts.ts";

export interface RowReading {
  facts: Fact[];
  /** The session's list after it; null: it says nothing about todos. */
  todos: TodoItem[] | null;
  /** It tells the end of a turn of the session's own; `at` is the place for the hub's time. */
  turn: LastTurn | null;
  /** Makes a session more than an empty row. */
  isContent: boolean;
  /** A turn that ended before it is no longer the last one. */
  isWork: boolean;
}

/** `todos`: the session's list so far. `localId`: the one the row is queued under. */
export function readRow(content: unknown, known: { localId?: string | null; todos?: readonly TodoItem[] | null } = {}): RowReading {
  const events = rowEvents(content, known.localId ?? null);
  const facts = factsOfEvents(events);
  return {
    facts,
    todos: extractTodos(events, known.todos ?? null),
    turn: turnEndOf(facts, 0),
    isContent: events.some(isConversation),
    isWork: events.some(isWork),
  };
}
