/** `GET /api/events` and `POST /api/visibility` */
import { AppError, visibilityBody } from "@hapi/protocol";
import { type Context, Hono } from "hono";
import type { Caller } from "../../auth/caller.ts";
import type { Reach, SessionAccess } from "../../sessions/access.ts";
import type { ApiEnv } from "../api-env.ts";
import { needs } from "../needs.ts";
import { readBody } from "../body.ts";
import { pickEncoding } from "../compress.ts";
import { parseCaps, type SseHub } from "../../sse/sse-hub.ts";
import type { Scope } from "../../sse/subscriber.ts";

interface EventDeps {
  access: SessionAccess;
  sse: SseHub;
  callerOf(c: Context): Caller;
}

export function eventRoutes(deps: EventDeps): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  app.get("/events", needs("sessions:read"), async (c) => {
    const actor = c.get("actor");
    const scope = await readScope(deps.access, actor, c.req.query());
    // Bun closes a quiet connection after its idle time; this one is quiet by nature.
    c.env.server?.timeout(c.req.raw, 0);
    const { key, isLocal } = deps.callerOf(c);
    const gzip = pickEncoding(c.req.header("accept-encoding"), ["gzip"]) === "gzip";
    const stream = deps.sse.subscribe({
      gzip,
      actor,
      scope,
      caps: parseCaps(c.req.query("caps")),
      from: isLocal ? null : key,
      visible: c.req.query("visibility") === "visible",
      until: c.get("signedInUntil"),
      cursor: c.req.header("last-event-id") ?? c.req.query("lastEventId") ?? null,
    });
    if (!stream) throw new AppError("not_ready", "Too many event streams are open");
    return new Response(stream, {
      headers: {
        "content-type": "text/event-stream",
        "cache-control": "no-cache, no-store",
        "x-accel-buffering": "no",
        vary: "Accept-Encoding",
        ...(gzip ? { "content-encoding": "gzip" } : {}),
      },
    });
  });
  app.post("/visibility", needs("sessions:read"), async (c) => {
    const { subscriptionId, visibility } = await readBody(c, visibilityBody);
    if (!deps.sse.setVisible(c.get("namespace"), subscriptionId, visibility === "visible"))
      throw new AppError("not_found", "Subscription not found");
    return c.json({ ok: true });
  });
  return app;
}

/** No scope given means all of the namespace. */
async function readScope(access: SessionAccess, who: Reach, query: Record<string, string>): Promise<Scope> {
  const all = query["all"] === "true" || query["all"] === "1";
  const sessionId = query["sessionId"] ? (await access.session(who, query["sessionId"])).id : undefined;
  const machineId = query["machineId"] ? (await access.machine(who, query["machineId"])).id : undefined;
  if (all || (sessionId === undefined && machineId === undefined)) return { all: true };
  return { all: false, ...(sessionId === undefined ? {} : { sessionId }), ...(machineId === undefined ? {} : { machineId }) };
}
