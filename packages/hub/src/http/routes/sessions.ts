/** `/api/sessions`: list, detail, names, lifecycle. Settings, files and catalogs have files of their own. */
import { compareSummaries, sessionStatus, sessionSummary } from "@hapi/core";
import {
  abortBody,
  AppError,
  archiveBody,
  forkBody,
  pinBody,
  renameBody,
  resumeBody,
  seenBody,
  summaryBody,
  switchBody,
  type Metadata,
  type Session,
} from "@hapi/protocol";
import { Hono } from "hono";
import { allow } from "../../auth/actor.ts";
import type { MessageStore } from "../../messages/store.ts";
import type { ApiEnv } from "../api-env.ts";
import { needs } from "../needs.ts";
import { readBody } from "../body.ts";
import type { Rpc } from "../../rpc/rpc.ts";
import type { SessionAccess } from "../../sessions/access.ts";
import type { SessionControl } from "../../sessions/control.ts";
import { readDiagnostics } from "../../sessions/diagnostics.ts";
import type { Fork } from "../../sessions/fork.ts";
import type { Lifecycle } from "../../sessions/lifecycle.ts";
import type { Resume } from "../../sessions/resume.ts";
import type { SessionSettings } from "../../sessions/settings.ts";
import type { SessionStore } from "../../sessions/store.ts";

export interface SessionRouteDeps {
  access: SessionAccess;
  sessions: SessionStore;
  messages: MessageStore;
  lifecycle: Lifecycle;
  resume: Resume;
  control: SessionControl;
  fork: Fork;
  settings: SessionSettings;
  rpc: Rpc;
  now: () => number;
  durable(): Promise<void>;
  /** Takes a session off the disk, out of everything in memory, and tells its machine. */
  remove(session: Session): Promise<void>;
}

export function sessionRoutes(deps: SessionRouteDeps): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  listRoutes(app, deps);
  nameRoutes(app, deps);
  lifecycleRoutes(app, deps);
  controlRoutes(app, deps);
  return app;
}

function listRoutes(app: Hono<ApiEnv>, { access, sessions, messages, now }: SessionRouteDeps): void {
  app.get("/sessions", needs("sessions:read"), async (c) => {
    const namespace = c.get("namespace");
    const scheduled = await messages.scheduledCounts(namespace, now());
    const summarize = (session: Session) => {
      const later = scheduled.get(session.id);
      const summary = sessionSummary(session, { futureScheduledMessageCount: later?.count ?? 0, nextScheduledAt: later?.next ?? null });
      return { ...summary, status: sessionStatus(summary) };
    };
    const limit = clampLimit(c.req.query("limit"));
    const cursor = c.req.query("cursor");
    if (cursor !== undefined) {
      const size = limit ?? pageSize;
      const page = await sessions.listPage(namespace, parseListCursor(cursor), size);
      const last = page.length === size ? page.at(-1) : undefined;
      return c.json({ sessions: page.map(summarize), nextCursor: last ? `${last.updatedAt}:${last.id}` : null });
    }
    const summaries = (await sessions.list(namespace)).map(summarize);
    if (c.req.query("order") === "updatedAt") summaries.sort((a, b) => b.updatedAt - a.updatedAt || (a.id < b.id ? -1 : 1));
    else summaries.sort(compareSummaries);
    return c.json({ sessions: limit === undefined ? summaries : summaries.slice(0, limit) });
  });
  app.get("/sessions/:id", needs("sessions:read"), async (c) => {
    const session = await access.session(c.get("actor"), c.req.param("id"));
    return c.json({ session, status: sessionStatus(sessionSummary(session)) });
  });
  app.put("/sessions/:id/seen", needs("sessions:read"), async (c) => {
    const session = await access.session(c.get("actor"), c.req.param("id"));
    const { at, back } = await readBody(c, seenBody);
    await sessions.markSeen(session.id, at, back === true);
    return c.json({ ok: true });
  });
}

/** A screenful and some more: under 20 KB. */
const pageSize = 25;

function clampLimit(text: string | undefined): number | undefined {
  const limit = Number(text);
  return text === undefined || text === "" || !Number.isFinite(limit) ? undefined : Math.min(Math.max(Math.trunc(limit), 1), 500);
}

/** `cursor=` (empty) begins; then `updatedAt:id` as the last page said. */
function parseListCursor(cursor: string): { updatedAt: number; id: string } | null {
  if (cursor === "") return null;
  const match = /^(\d{1,16}):(.{1,128})$/.exec(cursor);
  if (!match) throw new AppError("invalid_query");
  return { updatedAt: Number(match[1]), id: match[2] as string };
}

function nameRoutes(app: Hono<ApiEnv>, { access, sessions, now, durable }: SessionRouteDeps): void {
  const write = async (session: Session, change: (metadata: Metadata) => Metadata): Promise<void> => {
    if (session.metadata === null) throw new AppError("apply_failed", "Session metadata is not available");
    await sessions.updateMetadata(session.id, null, (metadata) => (metadata === null ? null : change(metadata)));
    await sessions.change(session.id, { updatedAt: now() });
    await durable();
  };
  app.patch("/sessions/:id", needs("sessions:send"), async (c) => {
    const session = await access.session(c.get("actor"), c.req.param("id"));
    const { name } = await readBody(c, renameBody);
    await write(session, (metadata) => ({ ...metadata, name }));
    return c.json({ ok: true });
  });
  app.patch("/sessions/:id/summary", needs("sessions:send"), async (c) => {
    const session = await access.session(c.get("actor"), c.req.param("id"));
    const { text } = await readBody(c, summaryBody);
    await write(session, (metadata) => ({ ...metadata, summary: { text, updatedAt: now() } }));
    return c.json({ ok: true });
  });
  app.put("/sessions/:id/pin", needs("sessions:send"), async (c) => {
    const session = await access.session(c.get("actor"), c.req.param("id"));
    const { mode } = await readBody(c, pinBody);
    await sessions.change(session.id, { pinned: mode });
    await durable();
    return c.json({ ok: true });
  });
}

function lifecycleRoutes(app: Hono<ApiEnv>, deps: SessionRouteDeps): void {
  const { access, lifecycle, resume, settings } = deps;
  app.post("/sessions/:id/abort", needs("sessions:send", { whileLocked: true }), async (c) => {
    const session = await access.session(c.get("actor"), c.req.param("id"));
    const { scope } = await readBody(c, abortBody, { optional: true });
    if (scope === "session") await lifecycle.abortSession(session);
    else if (!session.active) throw new AppError("session_inactive");
    else await lifecycle.abortTurn(session, "Aborted by user");
    return c.json({ ok: true });
  });
  app.post("/sessions/:id/archive", needs("sessions:send", { whileLocked: true }), async (c) => {
    const session = await access.session(c.get("actor"), c.req.param("id"));
    const { reason } = await readBody(c, archiveBody, { optional: true });
    const result = await lifecycle.archive(session, reason);
    return c.json(result === "already" ? { ok: true, alreadyArchived: true } : { ok: true });
  });
  app.post("/sessions/:id/unarchive", needs("sessions:send"), async (c) => {
    await lifecycle.unarchive(await access.session(c.get("actor"), c.req.param("id")));
    return c.json({ ok: true });
  });
  app.delete("/sessions/:id", needs("sessions:send"), async (c) => {
    const session = await access.session(c.get("actor"), c.req.param("id"));
    if (session.active || lifecycle.isStarting(session)) throw new AppError("session_active");
    await deps.remove(session);
    return c.json({ ok: true });
  });
  app.post("/sessions/:id/resume", needs("sessions:send"), async (c) => {
    const session = await access.session(c.get("actor"), c.req.param("id"));
    const { permissionMode } = await readBody(c, resumeBody, { optional: true });
    if (permissionMode !== undefined) allow(c.get("actor"), "policy:write");
    c.get("stepUp").checkMode(c.get("actor"), permissionMode);
    const mode = permissionMode === undefined ? undefined : settings.checkMode(session, permissionMode);
    const sessionId = await resume.resume(session, mode === undefined ? {} : { permissionMode: mode });
    return c.json({ type: "success", sessionId });
  });
  app.post("/sessions/:id/reopen", needs("sessions:send"), async (c) => {
    const session = await access.session(c.get("actor"), c.req.param("id"));
    const sessionId = await resume.resume(session);
    return c.json({ ok: true, sessionId, resumed: !session.active });
  });
}

function controlRoutes(app: Hono<ApiEnv>, { access, control, fork, rpc }: SessionRouteDeps): void {
  app.post("/sessions/:id/switch", needs("sessions:send"), async (c) => {
    const session = await access.activeSession(c.get("actor"), c.req.param("id"));
    const { to, now } = await readBody(c, switchBody, { optional: true });
    await control.switchTo(session, to ?? "remote", now === true);
    return c.json({ ok: true });
  });
  app.post("/sessions/:id/retry", needs("sessions:send"), async (c) => {
    const session = await access.session(c.get("actor"), c.req.param("id"));
    return c.json({ ok: true, status: await control.retry(session) });
  });
  app.delete("/sessions/:id/retry", needs("sessions:send", { whileLocked: true }), async (c) => {
    const session = await access.session(c.get("actor"), c.req.param("id"));
    // Of a session that does not run nothing waits for its time.
    return c.json({ ok: true, status: session.active ? await control.cancelRetry(session) : "none" });
  });
  app.get("/sessions/:id/diagnostics", needs("sessions:read"), async (c) => {
    const session = await access.session(c.get("actor"), c.req.param("id"));
    return c.json(await readDiagnostics(rpc, session));
  });
  app.post("/sessions/:id/fork", needs("machines:spawn"), async (c) => {
    const session = await access.session(c.get("actor"), c.req.param("id"));
    const { messageLocalId, from } = await readBody(c, forkBody, { optional: true });
    return c.json({ sessionId: await fork.fork(session, { messageLocalId, from }) });
  });
}
