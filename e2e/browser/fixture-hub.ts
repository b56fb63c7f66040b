/**
 * A scripted hub: the REST and SSE contract over data in memory, for states that a real hub would take long to reach (10,000 sessions,
 * failures, slow answers). It serves the built web app with the same strict headers as the hub. Only for looking and for browser tests.
 */
import { existsSync } from "node:fs";
import { extname, join, normalize } from "node:path";
import type { Machine, Session, SyncEvent } from "@hapi/protocol";
import { summaryOf } from "./fixture-summary.ts";
import { machinesOf, makeSession, type Scenario, sessionsOf } from "./fixture-data.ts";
import { createFixturePrompts, type FixturePrompts } from "./fixture-prompts.ts";

export const FIXTURE_TOKEN = "fixture-token";
const JWT = `e30.${Buffer.from(JSON.stringify({ uid: 1, ns: "default", exp: 4_102_444_800 })).toString("base64url")}.x`;
const CSP =
  "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; worker-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";
const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".json": "application/json",
  ".webmanifest": "application/manifest+json",
  ".wasm": "application/wasm",
};

export interface FixtureOptions {
  webRoot: string;
  scenario?: Scenario;
  /** Clock of the data; the browser's own clock shows ages against it. */
  now?: number;
}

export interface FixtureHub {
  url: string;
  token: string;
  sessions: Map<string, Session>;
  prompts: FixturePrompts;
  /** A session as it is from now on, told to everybody. */
  change(id: string, next: (session: Session) => Session): Session;
  /** Requests seen so far, as `METHOD path body`. */
  log: string[];
  push(event: SyncEvent): void;
  /** Resolves with the first request, past or coming, whose log line matches. */
  received(pattern: RegExp): Promise<string>;
  /** Resolves when this holds, looked at with every request. */
  seen(holds: () => boolean): Promise<void>;
  /** Cuts every stream and refuses connections to the API until `true` again. */
  setReachable(reachable: boolean): void;
  /** The next call whose path contains this answers with that status and body. */
  failNext(path: string, status: number, body: unknown): void;
  /** Makes `/sw.js` another file, as a new version would. */
  setWorkerSuffix(suffix: string): void;
  stop(): Promise<void>;
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
  lastFailure: { code: "overloaded", message: "The model was busy", at: session.updatedAt },
  autoRetry: false,
  retry: null,
});

const json = (body: unknown, status = 200): Response => Response.json(body, { status });

export function startFixtureHub(options: FixtureOptions): FixtureHub {
  const now = options.now ?? Date.now();
  const scenario = options.scenario ?? "everyday";
  const sessions = new Map(sessionsOf(scenario, now).map((session) => [session.id, session]));
  const machines: Machine[] = machinesOf(scenario, now);
  const streams = new Set<ReadableStreamDefaultController<Uint8Array>>();
  const log: string[] = [];
  const waiting = new Set<(line: string) => void>();
  const failures: { path: string; status: number; body: unknown }[] = [];
  const encoder = new TextEncoder();
  let reachable = true;
  let eventSeq = 0;
  let workerSuffix = "";

  const frame = (event: SyncEvent, id?: string): Uint8Array =>
    encoder.encode(`${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify({ namespace: "default", ...event })}\n\n`);
  const push = (event: SyncEvent): void => {
    eventSeq += 1;
    for (const stream of streams) stream.enqueue(frame(event, `fixture0:${eventSeq}:default0`));
  };
  const prompts = createFixturePrompts(push);
  const changed = (session: Session): void => push({ type: "session-updated", sessionId: session.id, data: session });

  function events(): Response {
    let mine: ReadableStreamDefaultController<Uint8Array> | undefined;
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        mine = controller;
        streams.add(controller);
        controller.enqueue(
          frame({ type: "connection-changed", data: { status: "connected", subscriptionId: crypto.randomUUID(), resume: "gap" } }),
        );
        controller.enqueue(frame({ type: "caught-up" }));
      },
      cancel() {
        if (mine) streams.delete(mine);
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream", "cache-control": "no-cache" } });
  }

  function messagePage(session: Session): Response {
    const rows = prompts.rows(session);
    const last = rows.at(-1);
    return json({
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

  /** Newest first, from a cursor on; all of it where none is given. */
  function listPage(query: URLSearchParams): Response {
    const all = [...sessions.values()].map(summaryOf);
    const cursor = query.get("cursor");
    if (cursor === null) return json({ sessions: all });
    all.sort((a, b) => b.updatedAt - a.updatedAt || (a.id < b.id ? 1 : -1));
    const start = cursor === "" ? 0 : all.findIndex((one) => one.id === cursor) + 1;
    const page = all.slice(start, start + Number(query.get("limit")));
    return json({ sessions: page, nextCursor: start + page.length < all.length ? (page.at(-1)?.id ?? null) : null });
  }

  function answer(session: Session, requestId: string, status: string, body: Record<string, unknown>): Response {
    const request = session.agentState?.requests?.[requestId];
    if (!request) return json({ error: "Request not found", code: "request_not_found" }, 404);
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
    sessions.set(next.id, next);
    changed(next);
    return json({ ok: true });
  }

  const patch = (session: Session, change: Partial<Session>): Response => {
    const next = { ...session, ...change, metadataVersion: session.metadataVersion + 1, updatedAt: Date.now() };
    sessions.set(next.id, next);
    changed(next);
    return json({ ok: true });
  };

  function sessionRoute(method: string, session: Session, rest: string[], body: Record<string, unknown>): Response {
    const metadata = session.metadata ?? { path: "/", host: "laptop" };
    switch (`${method} ${rest[0] ?? ""}`) {
      case "GET ":
        return json({ session });
      case "PATCH ":
        return patch(session, { metadata: { ...metadata, name: String(body["name"]) } });
      case "DELETE ":
        if (session.active) return json({ error: "Session is active; end it first", code: "session_active" }, 409);
        sessions.delete(session.id);
        push({ type: "session-removed", sessionId: session.id });
        return json({ ok: true });
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
        return json({ type: "success", sessionId: session.id });
      case "GET messages":
        return messagePage(session);
      case "POST messages":
      case "DELETE messages":
        return prompts.route(method, session, rest.slice(1), body);
      case "POST upload":
        return json({ success: true, path: `/tmp/uploads/${String(body["filename"])}` });
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
        sessions.set(fork.id, fork);
        push({ type: "session-added", sessionId: fork.id, data: fork });
        return json({ sessionId: fork.id });
      }
      case "GET diagnostics":
        return json(diagnosticsOf(session));
      case "POST permissions":
        return answer(session, rest[1] ?? "", rest[2] === "approve" ? "approved" : "denied", body);
      default:
        return json({ ok: true });
    }
  }

  function machineRoute(method: string, id: string, action: string, body: Record<string, unknown>): Response {
    switch (`${method} ${action}`) {
      case "GET agent-availability":
        return json({
          agents: [
            { agent: "demo", available: true },
            { agent: "claude", available: true, version: "2.1.4" },
            { agent: "codex", available: true, version: "0.60.0" },
            { agent: "gemini", available: false, reason: "not_found" },
          ],
        });
      case "POST paths/exists": {
        const paths = Array.isArray(body["paths"]) ? body["paths"].map(String) : [];
        return json({ exists: Object.fromEntries(paths.map((path) => [path, !path.includes("nowhere")])) });
      }
      case "POST list-directory":
        return json({
          success: true,
          entries: [
            ...["ledger", "shop", "site"].map((name) => ({ name, type: "directory", isGitRepo: name !== "site" })),
            { name: "notes.txt", type: "file", size: 1200 },
          ],
        });
      case "POST spawn": {
        const session = makeSession(
          {
            id: crypto.randomUUID(),
            path: String(body["directory"]),
            flavor: String(body["agent"] ?? "claude"),
            machineId: id,
            minutesAgo: 0,
          },
          Date.now(),
        );
        sessions.set(session.id, session);
        push({ type: "session-added", sessionId: session.id, data: session });
        return json({ type: "success", sessionId: session.id });
      }
      default:
        return json({ ok: true });
    }
  }

  async function api(request: Request, path: string): Promise<Response> {
    const text = request.method === "GET" ? "" : await request.text();
    const parsed: unknown = text === "" ? {} : JSON.parse(text);
    const body = typeof parsed === "object" && parsed !== null ? (parsed as Record<string, unknown>) : {};
    const line = `${request.method} ${path} ${text}`.trim();
    log.push(line);
    for (const tell of waiting) tell(line);
    const failure = failures.findIndex((entry) => path.includes(entry.path));
    const [failed] = failure === -1 ? [] : failures.splice(failure, 1);
    if (failed) return json(failed.body, failed.status);
    if (path === "/api/auth") {
      return body["accessToken"] === FIXTURE_TOKEN
        ? json({ token: JWT, user: { id: 1, firstName: "Web User" } })
        : json({ error: "Invalid access token", code: "invalid_access_token" }, 401);
    }
    const [, , kind, id = "", ...rest] = path.split("/");
    if (kind === "events") return events();
    if (request.headers.get("authorization") !== `Bearer ${JWT}`) {
      return json({ error: "Missing authorization token", code: "missing_token" }, 401);
    }
    if (kind === "sessions" && id === "") return listPage(new URL(request.url).searchParams);
    if (kind === "sessions") {
      const session = sessions.get(id);
      return session
        ? sessionRoute(request.method, session, rest, body)
        : json({ error: "Session not found", code: "session_not_found" }, 404);
    }
    if (kind === "machines") return id === "" ? json({ machines }) : machineRoute(request.method, id, rest.join("/"), body);
    return json({ ok: true });
  }

  async function worker(): Promise<Response> {
    const code = await Bun.file(join(options.webRoot, "sw.js")).text();
    return new Response(code + workerSuffix, { headers: { "content-type": TYPES[".js"] ?? "", "cache-control": "no-cache" } });
  }

  function file(path: string): Response {
    const wanted = normalize(path).replace(/^(\.\.\/)+/, "");
    const full = join(options.webRoot, wanted);
    const name = extname(wanted) !== "" && existsSync(full) ? full : join(options.webRoot, "index.html");
    if (extname(wanted) !== "" && name.endsWith("index.html")) return new Response("Not found", { status: 404 });
    return new Response(Bun.file(name), {
      headers: {
        "content-type": TYPES[extname(name)] ?? "application/octet-stream",
        "content-security-policy": CSP,
        "cache-control": wanted.startsWith("/assets/") ? "public, max-age=31536000, immutable" : "no-cache",
        "x-content-type-options": "nosniff",
      },
    });
  }

  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      const { pathname } = new URL(request.url);
      if (pathname.startsWith("/api/") || pathname === "/health") {
        if (!reachable) return new Response("Bad gateway", { status: 502 });
        return api(request, pathname);
      }
      return pathname === "/sw.js" ? worker() : file(pathname);
    },
  });

  return {
    url: `http://127.0.0.1:${server.port}`,
    token: FIXTURE_TOKEN,
    sessions,
    prompts,
    change(id, next) {
      const before = sessions.get(id);
      if (!before) throw new Error(`the fixture has no session ${id}`);
      const after = { ...next(before), metadataVersion: before.metadataVersion + 1, agentStateVersion: before.agentStateVersion + 1 };
      sessions.set(id, after);
      changed(after);
      return after;
    },
    log,
    push,
    received: (pattern) =>
      new Promise((resolve) => {
        const known = log.find((line) => pattern.test(line));
        if (known !== undefined) return resolve(known);
        const tell = (line: string): void => {
          if (!pattern.test(line)) return;
          waiting.delete(tell);
          resolve(line);
        };
        waiting.add(tell);
      }),
    seen: (holds) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!holds()) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    setReachable(next) {
      reachable = next;
      if (next) return;
      for (const stream of streams) stream.close();
      streams.clear();
    },
    setWorkerSuffix(suffix) {
      workerSuffix = suffix;
    },
    failNext: (path, status, body) => failures.push({ path, status, body }),
    stop: async () => {
      for (const stream of streams) stream.close();
      streams.clear();
      await server.stop(true);
    },
  };
}
