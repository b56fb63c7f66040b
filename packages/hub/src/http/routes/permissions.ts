/** `POST /api/sessions/:id/permissions/:requestId/{approve,deny}`; `GET …/:requestId`: all that is asked, where it was shown shortened */
import { approveBody, denyBody } from "@hapi/protocol";
import { Hono } from "hono";
import type * as z from "zod/mini";
import { type Actor, allow } from "../../auth/actor.ts";
import type { SessionAccess } from "../../sessions/access.ts";
import type { ApiEnv } from "../api-env.ts";
import { needs } from "../needs.ts";
import { readBody } from "../body.ts";
import type { Permissions, Taken } from "../../permissions/permissions.ts";

export function permissionRoutes(deps: { access: SessionAccess; permissions: Permissions }): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  app.post("/sessions/:id/permissions/:requestId/approve", needs("permissions:answer"), async (c) => {
    const session = await deps.access.session(c.get("actor"), c.req.param("id"));
    const { mode, allowTools, decision, answers, updatedInput, digest } = await readBody(c, approveBody, { optional: true });
    checkMayAnswer(c.get("actor"), { mode, allowTools, decision, updatedInput });
    c.get("stepUp").checkMode(c.get("actor"), mode);
    const approved = decision !== "denied" && decision !== "abort";
    const answer = { approved, ...given({ mode, allowTools, decision, answers, updatedInput, digest }) };
    const outcome = await deps.permissions.answer(session, c.req.param("requestId"), answer);
    return c.json(...told(outcome));
  });
  app.get("/sessions/:id/permissions/:requestId", needs("sessions:read"), async (c) => {
    const session = await deps.access.session(c.get("actor"), c.req.param("id"));
    return c.json(await deps.permissions.whole(session, c.req.param("requestId")));
  });
  app.post("/sessions/:id/permissions/:requestId/deny", needs("permissions:answer"), async (c) => {
    const session = await deps.access.session(c.get("actor"), c.req.param("id"));
    const { decision, reason } = await readBody(c, denyBody, { optional: true });
    const outcome = await deps.permissions.answer(session, c.req.param("requestId"), { approved: false, ...given({ decision, reason }) });
    return c.json(...told(outcome));
  });
  return app;
}

/** An answer that lets more through than what was asked, or something else, is more than an answer. */
function checkMayAnswer(actor: Actor, { mode, allowTools, decision, updatedInput }: z.output<typeof approveBody>): void {
  if (updatedInput !== undefined) allow(actor, "sessions:send");
  if (mode !== undefined || allowTools !== undefined || decision === "approved_for_session") allow(actor, "policy:write");
}

/** Clients that know no `sent` see a plain success: the session has it, and its state tells the end. */
function told(outcome: Taken): [body: { ok: true; status?: Taken }, status: 200 | 202] {
  return outcome === "applied" ? [{ ok: true }, 200] : [{ ok: true, status: outcome }, outcome === "pending" ? 202 : 200];
}

/** Without the keys that were not given. */
function given<T extends Record<string, unknown>>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}
