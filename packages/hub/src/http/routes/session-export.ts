/**
 * `GET /api/sessions/:id/export`: the session and its history as one JSON document, bounded. With `?redact=true`, for handing on: without what looks
 * like a secret.
 */
import { withoutSecretsDeep } from "@hapi/platform";
import { AppError } from "@hapi/protocol";
import { Hono } from "hono";
import type { MessageStore } from "../../messages/store.ts";
import type { ApiEnv } from "../api-env.ts";
import { needs } from "../needs.ts";
import type { SessionAccess } from "../../sessions/access.ts";

const warnCount = 20_000;
const maxBytes = 100 * 1024 * 1024;

export function exportRoutes(deps: { access: SessionAccess; messages: MessageStore; now: () => number }): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  app.get("/sessions/:id/export", needs("sessions:read", { fresh: true }), async (c) => {
    const session = await deps.access.session(c.get("actor"), c.req.param("id"));
    const { messages: count, bytes: estimatedBytes } = await deps.messages.count(session.id);
    if (estimatedBytes > maxBytes)
      throw new AppError("session_export_too_large", undefined, { details: { type: "too-large", count, estimatedBytes, maxBytes } });
    if (count > warnCount && c.req.query("force") !== "true") return c.json({ type: "warning", count, limit: warnCount, estimatedBytes });
    const messages = await deps.messages.all(session.id);
    const whole = { session, messages };
    const { session: told, messages: rows } = c.req.query("redact") === "true" ? (withoutSecretsDeep(whole) as typeof whole) : whole;
    return c.json({ schemaVersion: 2, exportedAt: deps.now(), session: told, messages: rows, scratchlist: [] });
  });
  return app;
}
