/**
 * A scripted hub: the REST and SSE contract over data in memory, for states that a real hub would take long to reach (10,000 sessions,
 * failures, slow answers). It serves the built web app with the same strict headers as the hub. Only for looking and for browser tests.
 */
import type { Machine, Session, SyncEvent } from "@hapi/protocol";
import { machinesOf, type Scenario, sessionsOf } from "./fixture-data.ts";
import { createRequestLog, type RequestLog } from "./fixture-log.ts";
import { machineRoute } from "./fixture-machines.ts";
import { createFixturePrompts, type FixturePrompts } from "./fixture-prompts.ts";
import { createFixtureSessions, type FixtureSessions } from "./fixture-sessions.ts";
import { createFixtureSite, type FixtureSite } from "./fixture-site.ts";

export const FIXTURE_TOKEN = "fixture-token";
const JWT = `e30.${Buffer.from(JSON.stringify({ uid: 1, ns: "default", exp: 4_102_444_800 })).toString("base64url")}.x`;

export interface FixtureOptions {
  webRoot: string;
  scenario?: Scenario;
  /** Clock of the data; the browser's own clock shows ages against it. */
  now?: number;
}

export interface FixtureHub extends Pick<RequestLog, "calls" | "received" | "seen"> {
  url: string;
  token: string;
  sessions: Map<string, Session>;
  prompts: FixturePrompts;
  change: FixtureSessions["change"];
  push(event: SyncEvent): void;
  /** Cuts every stream and refuses connections to the API until `true` again. */
  setReachable(reachable: boolean): void;
  /** The next call whose path contains this answers with that status and body. */
  failNext(path: string, status: number, body: unknown): void;
  setWorkerSuffix: FixtureSite["setWorkerSuffix"];
  stop(): Promise<void>;
}

export function startFixtureHub(options: FixtureOptions): FixtureHub {
  const now = options.now ?? Date.now();
  const scenario = options.scenario ?? "everyday";
  const sessions = new Map(sessionsOf(scenario, now).map((session) => [session.id, session]));
  const machines: Machine[] = machinesOf(scenario, now);
  const streams = new Set<ReadableStreamDefaultController<Uint8Array>>();
  const log = createRequestLog();
  const failures: { path: string; status: number; body: unknown }[] = [];
  const encoder = new TextEncoder();
  let reachable = true;
  let eventSeq = 0;

  const frame = (event: SyncEvent, id?: string): Uint8Array =>
    encoder.encode(`${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify({ namespace: "default", ...event })}\n\n`);
  const push = (event: SyncEvent): void => {
    eventSeq += 1;
    for (const stream of streams) stream.enqueue(frame(event, `fixture0:${eventSeq}:default0`));
  };
  const prompts = createFixturePrompts(push);
  const routes = createFixtureSessions(sessions, prompts, push);
  const site = createFixtureSite(options.webRoot);

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

  async function api(request: Request, path: string): Promise<Response> {
    const text = request.method === "GET" ? "" : await request.text();
    const parsed: unknown = text === "" ? {} : JSON.parse(text);
    const body = typeof parsed === "object" && parsed !== null ? (parsed as Record<string, unknown>) : {};
    log.add(`${request.method} ${path} ${text}`.trim());
    const failure = failures.findIndex((entry) => path.includes(entry.path));
    const [failed] = failure === -1 ? [] : failures.splice(failure, 1);
    if (failed) return Response.json(failed.body, { status: failed.status });
    if (path === "/api/auth") {
      return body["accessToken"] === FIXTURE_TOKEN
        ? Response.json({ token: JWT, user: { id: 1, firstName: "Web User" } })
        : Response.json({ error: "Invalid access token", code: "invalid_access_token" }, { status: 401 });
    }
    const [, , kind, id = "", ...rest] = path.split("/");
    if (kind === "events") return events();
    if (request.headers.get("authorization") !== `Bearer ${JWT}`) {
      return Response.json({ error: "Missing authorization token", code: "missing_token" }, { status: 401 });
    }
    if (kind === "sessions" && id === "") return routes.listPage(new URL(request.url).searchParams);
    if (kind === "sessions") {
      const session = sessions.get(id);
      return session
        ? routes.route(request.method, session, rest, body)
        : Response.json({ error: "Session not found", code: "session_not_found" }, { status: 404 });
    }
    if (kind === "machines")
      return id === "" ? Response.json({ machines }) : machineRoute(request.method, id, rest.join("/"), body, routes.add);
    return Response.json({ ok: true });
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
      return site.serve(pathname);
    },
  });

  return {
    url: `http://127.0.0.1:${server.port}`,
    token: FIXTURE_TOKEN,
    sessions,
    prompts,
    change: routes.change,
    calls: log.calls,
    received: log.received,
    seen: log.seen,
    push,
    setReachable(next) {
      reachable = next;
      if (next) return;
      for (const stream of streams) stream.close();
      streams.clear();
    },
    setWorkerSuffix: site.setWorkerSuffix,
    failNext: (path, status, body) => failures.push({ path, status, body }),
    stop: async () => {
      for (const stream of streams) stream.close();
      streams.clear();
      await server.stop(true);
    },
  };
}
