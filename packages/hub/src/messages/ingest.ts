/**
 * Takes what a session says: stores it once (by `key`) with what it means, and cuts strings no reader can show.
 * Messages of one session keep the order in which they came.
 */
import { checkPromptSize, MAX_PROMPT_BYTES, decodeContent, isPersonsRow, readRow, withoutMiddle } from "@hapi/core";
import { AppError, type ClientEvent, type Fact, type Session } from "@hapi/protocol";
import type { MessageStore, NewRow } from "./store.ts";

/** Longer strings inside agent content become their head and tail, cut where other hubs cut them. */
const maxString = 64 * 1024;
const keepHead = 48 * 1024;
const keepTail = 12 * 1024;
const maxKeyLength = 300;

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
  if (text.length > maxString && !isPersonsRow(content)) {
    kept = shorten(content) as Record<string, unknown>;
    text = JSON.stringify(kept);
  }
  const meaning = meaningOf(session, kept, frame.localId ?? null);
  const row: NewRow = {
    content: kept,
    text,
    ...(frame.key === undefined ? {} : { key: frame.key }),
    ...(frame.createdAt === undefined ? {} : { createdAt: frame.createdAt }),
    ...(frame.localId == null ? {} : { localId: frame.localId }),
    ...meaning,
    origin: frame.origin,
  };
  // Asked for in one go, so that they stay in this order.
  const [, stored] = await Promise.all([takenUp(store, session.id, row), store.append(session.id, row)]);
  if (stored === "missing") throw new AppError("session_not_found");
}

/**
 * The agent's own record shows that it has a prompt. The session says so too, on another lane, which a busy disk holds up: the prompt would stand behind
 * its own answer. A row that is a prompt itself is none of the record.
 */
function takenUp(store: MessageStore, sessionId: string, { localId, facts }: NewRow): Promise<void> {
  const isTold = (fact: Fact) => fact.kind === "prompted" || fact.kind === "turn-started";
  const told = localId === undefined ? facts.filter(isTold).flatMap((fact) => fact.localId ?? []) : [];
  return told.length === 0 ? Promise.resolve() : store.consume(sessionId, told, false);
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

function meaningOf(
  session: Session,
  content: unknown,
  localId: string | null,
): Pick<NewRow, "facts" | "isContent" | "isWork" | "todos" | "turn"> {
  const { facts, todos, turn, isContent, isWork } = readRow(content, { localId, todos: session.todos ?? null });
  return { facts, isContent, isWork, ...(todos === null ? {} : { todos }), ...(turn === null ? {} : { turn }) };
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
