/** Prompts of the scripted hub: rows by `localId`, the queue, and what a person does with it. A repeated `localId` is the same prompt. */
import { encodeEvent } from "@hapi/core";
import type { AgentEvent, Message, Session, SyncEvent } from "@hapi/protocol";
import { messagesOf } from "./fixture-data.ts";

type Body = Record<string, unknown>;

export interface FixturePrompts {
  rows(session: Session): Message[];
  /** A row as the hub would tell it. */
  tell(session: Session, row: Partial<Message> & Pick<Message, "id" | "content">): void;
  /** What the agent says, as a row. */
  say(session: Session, event: AgentEvent): void;
  /** Answers `…/messages` of a session, except the page. */
  route(method: string, session: Session, rest: readonly string[], body: Body): Response;
}

export const promptOf = (text: unknown, attachments?: unknown): unknown => ({
  role: "user",
  content: { type: "text", text, ...(attachments === undefined ? {} : { attachments }) },
  meta: { sentFrom: "webapp", deliveryMode: "queue" },
});

export function createFixturePrompts(push: (event: SyncEvent) => void): FixturePrompts {
  const all = new Map<string, Message[]>();
  const rowsOf = (session: Session): Message[] => {
    const rows = all.get(session.id) ?? messagesOf(session);
    all.set(session.id, rows);
    return rows;
  };
  const tell: FixturePrompts["tell"] = (session, row) => {
    const rows = rowsOf(session);
    const at = Date.now();
    const message: Message = { seq: rows.length + 1, localId: null, createdAt: at, invokedAt: at, ...row };
    all.set(session.id, [...rows.filter((other) => other.id !== row.id), message]);
    push({ type: "message-received", sessionId: session.id, message });
  };
  const find = (session: Session, id: string): Message | undefined => rowsOf(session).find((row) => row.id === id || row.localId === id);

  function post(session: Session, body: Body): Response {
    const localId = typeof body["localId"] === "string" ? body["localId"] : null;
    const known = localId === null ? undefined : find(session, localId);
    if (known) return Response.json({ ok: true, message: { id: known.id, localId, stage: known.stage } });
    const scheduledAt = typeof body["scheduledAt"] === "number" ? body["scheduledAt"] : null;
    const waits = scheduledAt !== null || !session.active || session.thinking;
    tell(session, {
      id: `msg-${crypto.randomUUID()}`,
      localId,
      content: promptOf(body["text"], body["attachments"]),
      invokedAt: waits ? null : Date.now(),
      scheduledAt,
      stage: waits ? "accepted" : "handed",
    });
    return Response.json({ ok: true });
  }

  return {
    rows: rowsOf,
    tell,
    say: (session, event) => tell(session, { id: event.id, content: encodeEvent(event) }),
    route(method, session, rest, body) {
      const [id = "", verb = ""] = rest;
      if (method === "POST" && id === "") return post(session, body);
      const row = find(session, id);
      if (!row) return Response.json({ error: "Message not found", code: "message_not_found" }, { status: 404 });
      if (method === "DELETE") {
        if (row.invokedAt != null) return Response.json({ status: "invoked", message: row });
        all.set(
          session.id,
          rowsOf(session).filter((other) => other !== row),
        );
        push({
          type: "message-cancelled",
          sessionId: session.id,
          messageId: row.id,
          ...(row.localId === null ? {} : { localId: row.localId }),
        });
        return Response.json({ status: "cancelled", localId: row.localId });
      }
      if (verb === "steer") {
        tell(session, { ...row, invokedAt: Date.now(), steered: true, stage: "handed" });
        return Response.json({ status: "steered", localId: row.localId });
      }
      const { deliveryState: _settled, ...settled } = row;
      all.set(
        session.id,
        rowsOf(session).map((other) => (other === row ? { ...settled, stage: "accepted" } : other)),
      );
      if (row.localId !== null) push({ type: "messages-requeued", sessionId: session.id, localIds: [row.localId] });
      return Response.json({ status: "retried", localId: row.localId });
    },
  };
}
