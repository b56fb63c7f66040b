/**
 * OpenCode's messages as this process has heard of them: by session, message and part, in the order of their ids. Filled from the record, then by
 * events. Pure data; what it means is said elsewhere.
 */
import { fields, filled, list, number, text, type Fields } from "../shared/read.ts";

export interface Part {
  id: string;
  type: string;
  raw: Fields;
  /** Shown so far, of a text that is being written; null: its beginning was not heard, it is shown when it is done. */
  live: string | null;
}

export interface Message {
  id: string;
  sessionId: string;
  role: string;
  info: Fields;
  parts: Map<string, Part>;
}

export interface Mirror {
  sessions: Map<string, Map<string, Message>>;
  /** Sub-agents' sessions → the session that called them. */
  parents: Map<string, string>;
}

export const createMirror = (): Mirror => ({ sessions: new Map(), parents: new Map() });

const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

export const messagesOf = (mirror: Mirror, sessionId: string): Message[] =>
  [...(mirror.sessions.get(sessionId)?.values() ?? [])].toSorted(byId);
export const partsOf = (message: Message): Part[] => [...message.parts.values()].toSorted(byId);

/** This conversation, or one of its sub-agents'. */
export function isOurs(mirror: Mirror, threadId: string, sessionId: string): boolean {
  for (let at: string | undefined = sessionId, depth = 0; at !== undefined && depth < 16; at = mirror.parents.get(at), depth++)
    if (at === threadId) return true;
  return false;
}

function messageAt(mirror: Mirror, sessionId: string, messageId: string): Message {
  const session = mirror.sessions.get(sessionId) ?? new Map<string, Message>();
  mirror.sessions.set(sessionId, session);
  const message = session.get(messageId) ?? { id: messageId, sessionId, role: "", info: {}, parts: new Map() };
  session.set(messageId, message);
  return message;
}

export function setMessage(mirror: Mirror, info: Fields): Message | null {
  const [id, sessionId] = [filled(info["id"]), filled(info["sessionID"])];
  if (id === undefined || sessionId === undefined) return null;
  const message = messageAt(mirror, sessionId, id);
  message.info = info;
  message.role = text(info["role"]) ?? message.role;
  return message;
}

/** `live`: heard as it came, so the deltas that follow continue what it says. */
export function setPart(mirror: Mirror, raw: Fields, live: boolean): Part | null {
  const [id, messageId, sessionId] = [filled(raw["id"]), filled(raw["messageID"]), filled(raw["sessionID"])];
  if (id === undefined || messageId === undefined || sessionId === undefined) return null;
  const message = messageAt(mirror, sessionId, messageId);
  const known = message.parts.get(id);
  const part = known ?? { id, type: text(raw["type"]) ?? "", raw, live: live ? "" : null };
  part.raw = raw;
  message.parts.set(id, part);
  return part;
}

export function partAt(mirror: Mirror, place: Fields): Part | undefined {
  const session = mirror.sessions.get(text(place["sessionID"]) ?? "");
  return session?.get(text(place["messageID"]) ?? "")?.parts.get(text(place["partID"]) ?? "");
}

export function removeMessage(mirror: Mirror, place: Fields): void {
  mirror.sessions.get(text(place["sessionID"]) ?? "")?.delete(text(place["messageID"]) ?? "");
}

export function removePart(mirror: Mirror, place: Fields): void {
  const session = mirror.sessions.get(text(place["sessionID"]) ?? "");
  session?.get(text(place["messageID"]) ?? "")?.parts.delete(text(place["partID"]) ?? "");
}

/** One entry of `GET /session/{id}/message`: `{info, parts}`. */
export function readMessage(mirror: Mirror, entry: unknown): void {
  const { info, parts } = fields(entry);
  const message = setMessage(mirror, fields(info));
  if (!message) return;
  for (const part of list(parts)) setPart(mirror, fields(part), false);
}

/** What is told and over needs no room. */
export function forgetUpTo(mirror: Mirror, sessionId: string, messageId: string): void {
  const session = mirror.sessions.get(sessionId);
  for (const id of session?.keys() ?? []) if (id <= messageId) session?.delete(id);
}

/** The call of a tool, wherever in these sessions. */
export function findCall(mirror: Mirror, sessionId: string, callId: string): Part | undefined {
  for (const message of messagesOf(mirror, sessionId).toReversed()) {
    const found = [...message.parts.values()].find((part) => part.type === "tool" && part.raw["callID"] === callId);
    if (found) return found;
  }
  return undefined;
}

/** The call that a sub-agent's session works for: the tool's own metadata name it. */
export function callOfChild(mirror: Mirror, childId: string): string | undefined {
  for (const message of messagesOf(mirror, mirror.parents.get(childId) ?? ""))
    for (const part of message.parts.values())
      if (part.type === "tool" && fields(fields(part.raw["state"])["metadata"])["sessionId"] === childId) return filled(part.raw["callID"]);
  return undefined;
}

/** When it was done, by the record. */
export const completedAt = (message: Message): number | undefined => number(fields(message.info["time"])["completed"]);
export const createdAt = (message: Message): number | undefined => number(fields(message.info["time"])["created"]);
export const parentOf = (message: Message): string | undefined => filled(message.info["parentID"]);

/** Words of a person, or made by OpenCode itself (a reminder, the mark of a compaction)? */
export function isPersons(message: Message): boolean {
  return [...message.parts.values()].some(
    ({ type, raw }) => (type === "text" && raw["synthetic"] !== true && raw["ignored"] !== true) || type === "file" || type === "subtask",
  );
}
