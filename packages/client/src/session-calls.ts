/** A session as the lists have it: found, named, put away, taken up again. */
import { parser, type Session, type SessionDiagnostics, sessionSchema, type SessionSummary, sessionSummarySchema } from "@hapi/protocol";
import { type Ask, expected, fields, many, sessionPath, SLOW_MS, UPLOAD_MS } from "./asking.ts";

const readSummary = parser(sessionSummarySchema);
const readSession = parser(sessionSchema);

export function sessionCalls({ request, post }: Ask) {
  return {
    async list(signal?: AbortSignal): Promise<SessionSummary[]> {
      return many(readSummary, fields(await request("GET", "/api/sessions", { signal })).sessions);
    },
    /** Newest first; `cursor` as the last page said, empty for the first. `next` null: that was all. */
    async page(cursor: string, limit: number, signal?: AbortSignal): Promise<{ sessions: SessionSummary[]; next: string | null }> {
      const answer = fields(await request("GET", "/api/sessions", { query: { cursor, limit }, signal }));
      // a hub that does not know pages gave everything
      return { sessions: many(readSummary, answer.sessions), next: typeof answer.nextCursor === "string" ? answer.nextCursor : null };
    },
    async get(id: string, signal?: AbortSignal): Promise<Session> {
      return expected(readSession(fields(await request("GET", sessionPath(id), { signal })).session));
    },
    rename: (id: string, name: string) => request("PATCH", sessionPath(id), { body: { name } }),
    pin: (id: string, mode: "none" | "project" | "global") => request("PUT", sessionPath(id, "/pin"), { body: { mode } }),
    /** Up to then it was seen. `back`: unread again from there on. */
    seen: (id: string, at: number, back = false) => request("PUT", sessionPath(id, "/seen"), { body: { at, ...(back ? { back } : {}) } }),
    archive: (id: string, reason?: string) => post(sessionPath(id, "/archive"), { reason }),
    /** Back into the lists, without starting it. */
    unarchive: (id: string) => post(sessionPath(id, "/unarchive"), {}),
    remove: (id: string) => request("DELETE", sessionPath(id)),
    /** @returns the id under which it runs */
    async resume(id: string, body: { permissionMode?: string } = {}): Promise<string> {
      const { sessionId } = await post(sessionPath(id, "/resume"), body, SLOW_MS);
      return typeof sessionId === "string" ? sessionId : id;
    },
    async reopen(id: string): Promise<string> {
      const { sessionId } = await post(sessionPath(id, "/reopen"), {}, SLOW_MS);
      return typeof sessionId === "string" ? sessionId : id;
    },
    /** `from: "history"`: on a thread of its own, whose agent is given the text of the conversation. */
    async fork(id: string, options: { messageLocalId?: string; from?: "thread" | "history" } = {}): Promise<string> {
      return expected((await post(sessionPath(id, "/fork"), options, UPLOAD_MS)).sessionId as string | undefined);
    },
    /** As it came; who shows it reads it with `sessionDiagnosticsSchema`, which most pages never need. */
    async diagnostics(id: string): Promise<SessionDiagnostics> {
      return expected((await request("GET", sessionPath(id, "/diagnostics"), { timeoutMs: SLOW_MS })) as SessionDiagnostics | null);
    },
  };
}
