/**
 * Stored envelope → canonical events: the one decoder, for our own rows and for those of other clients and imports. It never throws,
 * whatever JSON it is given; what it has no word for becomes `unknown` with the content kept, and what clients hide becomes nothing.
 */
import type { AgentEvent, Attachment } from "@hapi/protocol";
import { decodeHappening } from "./decode-event.ts";
import { decodeItem } from "./decode-item.ts";
import { decodeLine } from "./decode-line.ts";
import { compact, isRecord, type JsonRecord, name, parseJson, record, text } from "./read.ts";

/** The row the content came from: ids of events that carry none are made from it. */
export interface ContentRow {
  id: string;
  localId?: string | null;
}

interface Envelope {
  role: string;
  content: unknown;
  meta: JsonRecord;
}

/** Nested envelopes are looked for this deep and no deeper. */
const MAX_UNWRAP = 4;

function isEnvelope(value: JsonRecord): boolean {
  return typeof value.role === "string" && "content" in value;
}

function unwrap(content: unknown, depth = 0): Envelope | null {
  const value = typeof content === "string" && content.trimStart().startsWith("{") ? parseJson(content) : content;
  if (!isRecord(value) || depth > MAX_UNWRAP) return null;
  if (isEnvelope(value)) return { role: String(value.role), content: value.content, meta: record(value.meta) };
  for (const inner of [value.message, record(value.data).message, record(value.payload).message]) {
    const found = isRecord(inner) ? unwrap(inner, depth + 1) : null;
    if (found) return found;
  }
  return null;
}

function attachmentsOf(value: unknown): Attachment[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const found = value.filter(
    (entry) => isRecord(entry) && typeof entry.id === "string" && typeof entry.filename === "string" && typeof entry.path === "string",
  ) as JsonRecord[];
  return found.map((entry) => ({
    ...entry,
    id: String(entry.id),
    filename: String(entry.filename),
    path: String(entry.path),
    mimeType: text(entry.mimeType) ?? "application/octet-stream",
    size: typeof entry.size === "number" ? entry.size : 0,
  }));
}

function userMessage(message: string, attachments: Attachment[] | undefined, meta: JsonRecord, row: ContentRow): AgentEvent {
  const fromCli = meta.sentFrom === "cli";
  const origin = meta.origin === "terminal" || meta.origin === "remote" ? meta.origin : fromCli ? "terminal" : "remote";
  return compact({
    type: "user-message" as const,
    id: name(meta.id) ?? row.id,
    text: message,
    attachments,
    localId: name(meta.localId) ?? name(row.localId),
    origin,
    parent: name(meta.parent),
  });
}

function decodeUser(envelope: Envelope, row: ContentRow): AgentEvent[] | null {
  if (typeof envelope.content === "string") return [userMessage(envelope.content, undefined, envelope.meta, row)];
  if (!isRecord(envelope.content)) return null;
  const { type, text: message, attachments } = envelope.content;
  if (type !== "text" || typeof message !== "string") return null;
  // Another client's copy, from the agent's transcript, of a prompt that has its own row.
  if (envelope.meta.isTranscriptEcho === true && !name(envelope.meta.localId)) return [];
  return [userMessage(message, attachmentsOf(attachments), envelope.meta, row)];
}

function decodeAgent(envelope: Envelope, row: ContentRow): AgentEvent[] | null {
  const payload = envelope.content;
  if (typeof payload === "string") return [{ type: "agent-message", id: row.id, text: payload }];
  if (!isRecord(payload)) return null;
  switch (payload.type) {
    case "output":
      return decodeLine(record(payload.data), row.id);
    case "codex":
      return decodeItem(record(payload.data), row.id);
    case "event":
      return decodeHappening(record(payload.data), name(payload.id) ?? row.id);
    case "text":
      return typeof payload.text === "string" ? [{ type: "agent-message", id: name(payload.id) ?? row.id, text: payload.text }] : null;
    case "unknown":
      return [compact({ type: "unknown", id: name(payload.id) ?? row.id, parent: name(payload.parent), raw: payload.raw })];
    default:
      return null;
  }
}

export function decodeContent(content: unknown, row: ContentRow): AgentEvent[] {
  const envelope = unwrap(content);
  const events = envelope?.role === "user" ? decodeUser(envelope, row) : envelope?.role === "agent" ? decodeAgent(envelope, row) : null;
  return events ?? [{ type: "unknown", id: row.id, raw: content ?? null }];
}
