/**
 * Takes what a session says: stores it once (by `key`), reads todos and "has content" from it, and cuts strings no reader can show.
 * Messages of one session keep the order in which they came.
 */
import { checkPromptSize, MAX_PROMPT_BYTES, decodeContent, extractTodos, turnEndOf, withoutMiddle } from "@hapi/core";
import { AppError, type AgentEvent, type ClientEvent, type LastTurn, type Session, type TodoItem } from "@hapi/protocol";
import type { MessageStore } from "./store.ts";

/** Longer strings inside agent content become their head and tail, cut where other hubs cut them. */
const maxString = 64 * 1024;
const keepHead = 48 * 1024;
const keepTail = 12 * 1024;
const maxKeyLength = 300;

/** Words without which no decoder finds a todo; most messages have none of them. */
const todoWords = ["odo", "TaskCreate", "TaskUpdate", '"plan"', "plan_update"];
/** The same for the end of a turn. */
const endWords = ['"ready"', "turn-duration", "turn_duration", "isApiErrorMessage", '"result"'];

export interface IncomingMessage extends ClientEvent<"message"> {
  /** The JSON of `message` when it is known already. */
  text?: string | undefined;
  /** The socket it came from. */
  origin: string;
}

export async function ingestMessage(store: MessageStore, session: Session, frame: IncomingMessage): Promise<void> {
  const content = readContent(frame.message);
  if (frame.key !== undefined && (frame.key === "" || frame.key.length > maxKeyLength)) throw new AppError("invalid_body");
  let text = content === frame.message && frame.text !== undefined ? frame.text : JSON.stringify(content);
  if (frame.localId != null && text.length > MAX_PROMPT_BYTES) checkPrompt(content);
  let kept = content;
  if (text.length > maxString && content.role !== "user") {
    kept = shorten(content) as Record<string, unknown>;
    text = JSON.stringify(kept);
  }
  const facts = readFacts(session, kept, text);
  const stored = await store.append(session.id, {
    content: kept,
    text,
    ...(frame.key === undefined ? {} : { key: frame.key }),
    ...(frame.createdAt === undefined ? {} : { createdAt: frame.createdAt }),
    ...(frame.localId == null ? {} : { localId: frame.localId }),
    ...facts,
    origin: frame.origin,
  });
  if (stored === "missing") throw new AppError("session_not_found");
}

/** A row with a client's id is a prompt in the queue, by whichever door it came. */
function checkPrompt(content: Record<string, unknown>): void {
  for (const event of decodeContent(content, { id: "ingest" })) if (event.type === "user-message") checkPromptSize(event.text);
}

function readContent(message: unknown): Record<string, unknown> {
  const value: unknown = typeof message === "string" ? parsed(message) : message;
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new AppError("invalid_body", "A message is an object");
  return value as Record<string, unknown>;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new AppError("invalid_json", "A message sent as text must be JSON", { cause });
  }
}

function readFacts(session: Session, content: unknown, text: string): { isContent: boolean; todos?: TodoItem[]; turn?: LastTurn } {
  const known = session.hasConversationContent === true;
  const mayHaveTodos = todoWords.some((word) => text.includes(word)) || session.todos?.some((todo) => todo.id.startsWith("call-")) === true;
  const mayEnd = endWords.some((word) => text.includes(word));
  if (known && !mayHaveTodos && !mayEnd) return { isContent: false };
  const events = decodeContent(content, { id: "ingest" });
  const todos = mayHaveTodos ? extractTodos(events, session.todos ?? null) : null;
  const turn = mayEnd ? turnEndOf(events, 0) : null;
  return {
    isContent: known ? false : events.some(isConversation),
    ...(todos === null ? {} : { todos }),
    ...(turn === null ? {} : { turn }),
  };
}

function isConversation(event: AgentEvent): boolean {
  return event.type === "user-message" || event.type === "agent-message" || event.type === "tool-call" || event.type === "thought";
}

function shorten(value: unknown): unknown {
  if (typeof value === "string") {
    if (value.length <= maxString) return value;
    return withoutMiddle(value, { head: keepHead, tail: keepTail }, (left) => `\n…[hapi: truncated ${left} chars]…\n`);
  }
  if (Array.isArray(value)) return value.map(shorten);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shorten(inner)]));
}
