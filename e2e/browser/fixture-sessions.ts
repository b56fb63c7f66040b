/** Sessions of the scripted hub: the list in pages, one session with what a person does to it, and the answers to its requests. */
import type { Message, Session, SyncEvent } from "@hapi/protocol";
import type { FixturePrompts } from "./fixture-prompts.ts";
import { summaryOf } from "./fixture-summary.ts";

export interface FixtureSessions {
  add(session: Session): void;
  /** A session as it is from now on, told to everybody. */
  change(id: string, next: (session: Session) => Session): Session;
  listPage(query: URLSearchParams): Response;
  /** Answers a route of one session. */
  route(method: string, session: Session, rest: readonly string[], body: Record<string, unknown>): Response;
}

/** What a living session would say of itself. */
const diagnosticsOf = (session: Session) => ({
  sessionId: session.id,
  flavor: session.metadata?.flavor ?? null,
  source: "session",
  threads: { hub: "7d1c-thread", record: "7d1c-thread" },
  lastStart: { at: session.createdAt, how: "resume", front: "remote", asked: "7d1c-thread", used: "7d1c-thread" },
  host: { machineId: "m-laptop", name: "laptop", pid: 4711 },
  launch: {
    cwd: session.metadata?.path ?? null,
    startedBy: "runner",
    startingMode: "remote",
    permissionMode: "default",
    model: null,
    args: ["--verbose"],
  },
  environment: {
    program: "/home/ada/.local/bin/agent",
    set: { HOME: "/home/ada", AGENT_CONFIG_DIR: "/home/ada/.agent-work", HTTPS_PROXY: "http://proxy.corp:3128" },
    withheld: ["AGENT_API_KEY"],
    missing: ["AGENT_API_KEY"],
    differs: [{ name: "AGENT_CONFIG_DIR", kept: "/home/ada/.agent-work", here: null }],
  },
  lastFailure: { code: "overloaded", message: "The model was busy", at: session.updatedAt },
  autoRetry: false,
  retry: null,
});

/** The newest page, which here is all there is. */
function pageOf(rows: readonly Message[]): Response {
  const last = rows.at(-1);
  return Response.json({
    messages: rows,
    page: {
      direction: "latest",
      limit: 50,
      epoch: 0,
      reset: false,
      nextBeforeSeq: null,
      nextBeforeAt: null,
      nextAfterSeq: null,
      nextAfterAt: null,
      snapshotHeadSeq: last?.seq ?? null,
      snapshotHeadAt: last?.createdAt ?? null,
      hasMore: false,
    },
  });
}

export function createFixtureSessions(
  sessions: Map<string, Session>,
  prompts: FixturePrompts,
  push: (event: SyncEvent) => void,
): FixtureSessions {
  const add = (session: Session): void => {
    sessions.set(session.id, session);
    push({ type: "session-added", sessionId: session.id, data: session });
  };
  const put = (session: Session): void => {
    sessions.set(session.id, session);
    push({ type: "session-updated", sessionId: session.id, data: session });
  };

  /** Newest first, from a cursor on; all of it where none is given. */
  function listPage(query: URLSearchParams): Response {
    const all = [...sessions.values()].map(summaryOf);
    const cursor = query.get("cursor");
    if (cursor === null) return Response.json({ sessions: all });
    all.sort((a, b) => b.updatedAt - a.updatedAt || (a.id < b.id ? 1 : -1));
    const start = cursor === "" ? 0 : all.findIndex((one) => one.id === cursor) + 1;
    const page = all.slice(start, start + Number(query.get("limit")));
    return Response.json({ sessions: page, nextCursor: start + page.length < all.length ? (page.at(-1)?.id ?? null) : null });
  }

  function answer(session: Session, requestId: string, status: string, body: Record<string, unknown>): Response {
    const request = session.agentState?.requests?.[requestId];
    if (!request) return Response.json({ error: "Request not found", code: "request_not_found" }, { status: 404 });
    const { [requestId]: _done, ...requests } = session.agentState?.requests ?? {};
    const next: Session = {
      ...session,
      agentStateVersion: session.agentStateVersion + 1,
      agentState: {
        ...session.agentState,
        requests,
        completedRequests: {
          ...session.agentState?.completedRequests,
          [requestId]: { ...request, status, completedAt: Date.now(), ...body },
        },
      },
      thinking: true,
      updatedAt: Date.now(),
    };
    put(next);
    return Response.json({ ok: true });
  }

  const patch = (session: Session, change: Partial<Session>): Response => {
    const next = { ...session, ...change, metadataVersion: session.metadataVersion + 1, updatedAt: Date.now() };
    put(next);
    return Response.json({ ok: true });
  };

  function route(method: string, session: Session, rest: readonly string[], body: Record<string, unknown>): Response {
    const metadata = session.metadata ?? { path: "/", host: "laptop" };
    switch (`${method} ${rest[0] ?? ""}`) {
      case "GET ":
        return Response.json({ session });
      case "PATCH ":
        return patch(session, { metadata: { ...metadata, name: String(body["name"]) } });
      case "DELETE ":
        if (session.active) return Response.json({ error: "Session is active; end it first", code: "session_active" }, { status: 409 });
        sessions.delete(session.id);
        push({ type: "session-removed", sessionId: session.id });
        return Response.json({ ok: true });
      case "PUT seen": {
        const { lastTurn } = session;
        const seenAt = Number(body["at"]);
        sessions.set(session.id, { ...session, seenAt });
        push({ type: "session-outcome", sessionId: session.id, ...(lastTurn === undefined ? {} : { lastTurn }), seenAt });
        return Response.json({ ok: true });
      }
      case "PUT pin":
        return patch(session, { globalPinned: body["mode"] === "global", pinned: body["mode"] === "project" });
      case "POST archive":
        return patch(session, { active: false, thinking: false, metadata: { ...metadata, lifecycleState: "archived" } });
      case "POST unarchive":
        return patch(session, { metadata: { ...metadata, lifecycleState: "completed" } });
      case "POST abort":
        return body["scope"] === "session"
          ? patch(session, { active: false, thinking: false, metadata: { ...metadata, lifecycleState: "aborted" } })
          : patch(session, { thinking: false });
      case "POST resume":
        patch(session, { active: true, metadata: { ...metadata, lifecycleState: "running" } });
        return Response.json({ type: "success", sessionId: session.id });
      case "GET messages":
        return pageOf(prompts.rows(session));
      case "POST messages":
      case "DELETE messages":
        return prompts.route(method, session, rest.slice(1), body);
      case "POST upload":
        return Response.json({ success: true, path: `/tmp/uploads/${String(body["filename"])}` });
      case "POST auto-retry":
        return patch(session, { metadata: { ...metadata, autoRetry: body["enabled"] === true } });
      case "DELETE retry":
        return patch(session, {
          agentState: { ...session.agentState, retry: null },
          agentStateVersion: session.agentStateVersion + 1,
        });
      case "POST fork": {
        const fork = {
          ...session,
          id: crypto.randomUUID(),
          active: true,
          metadata: { ...metadata, name: "The branch", lifecycleState: "running" },
        };
        add(fork);
        return Response.json({ sessionId: fork.id });
      }
      case "GET diagnostics":
        return Response.json(diagnosticsOf(session));
      case "POST permissions":
        return answer(session, rest[1] ?? "", rest[2] === "approve" ? "approved" : "denied", body);
      default:
        return Response.json({ ok: true });
    }
  }

  return {
    add,
    change(id, next) {
      const before = sessions.get(id);
      if (!before) throw new Error(`the fixture has no session ${id}`);
      const after = { ...next(before), metadataVersion: before.metadataVersion + 1, agentStateVersion: before.agentStateVersion + 1 };
      put(after);
      return after;
    },
    listPage,
    route,
  };
}
