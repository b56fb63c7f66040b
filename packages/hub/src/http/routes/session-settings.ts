/** `POST /api/sessions/:id/{permission-mode,model,…}` and the catalogs a session's agent offers. */
import {
  AGENT_SETTINGS,
  AppError,
  autoRetryBody,
  capability,
  DEFAULT_FLAVOR,
  modelBody,
  permissionModeBody,
  SESSION_CATALOGS,
} from "@hapi/protocol";
import { Hono } from "hono";
import * as z from "zod/mini";
import { relayed } from "../../rpc/relay.ts";
import type { Rpc } from "../../rpc/rpc.ts";
import type { ApiEnv } from "../api-env.ts";
import { needs } from "../needs.ts";
import { readBody } from "../body.ts";
import type { SessionAccess } from "../../sessions/access.ts";
import type { SessionSettings } from "../../sessions/settings.ts";

export function sessionSettingsRoutes(deps: { access: SessionAccess; settings: SessionSettings; rpc: Rpc }): Hono<ApiEnv> {
  const { access, settings, rpc } = deps;
  const app = new Hono<ApiEnv>();
  app.post("/sessions/:id/permission-mode", needs("policy:write"), async (c) => {
    const session = await access.session(c.get("actor"), c.req.param("id"));
    const { mode } = await readBody(c, permissionModeBody);
    c.get("stepUp").checkMode(c.get("actor"), mode);
    await settings.setPermissionMode(session, mode);
    return c.json({ ok: true });
  });
  app.post("/sessions/:id/model", needs("sessions:send"), async (c) => {
    const session = await access.session(c.get("actor"), c.req.param("id"));
    await settings.setModel(session, (await readBody(c, modelBody)).model);
    return c.json({ ok: true });
  });
  app.post("/sessions/:id/auto-retry", needs("sessions:send"), async (c) => {
    const session = await access.session(c.get("actor"), c.req.param("id"));
    await settings.setAutoRetry(session, (await readBody(c, autoRetryBody)).enabled);
    return c.json({ ok: true });
  });
  for (const setting of AGENT_SETTINGS) {
    const schema = z.object({ [setting.body]: z.nullable(z.string()) });
    app.post(`/sessions/:id/${setting.path}`, needs("sessions:send"), async (c) => {
      const session = await access.session(c.get("actor"), c.req.param("id"));
      const flavor = session.metadata?.flavor ?? DEFAULT_FLAVOR;
      const isEffort = setting.field === "effort" || setting.field === "modelReasoningEffort";
      const isOffered =
        setting.flavors.some((known) => known === flavor) || (isEffort && capability(session.metadata, "setEffort") === true);
      if (!isOffered) throw new AppError("unsupported_flavor");
      const body: Record<string, string | null> = await readBody(c, schema);
      const value = body[setting.body] ?? null;
      if (isEffort) await settings.setEffort(session, value);
      else await settings.setOther(session, setting.field, value);
      return c.json({ ok: true });
    });
  }
  catalogRoutes(app, access, rpc);
  return app;
}

function catalogRoutes(app: Hono<ApiEnv>, access: SessionAccess, rpc: Rpc): void {
  for (const catalog of SESSION_CATALOGS) {
    app.get(`/sessions/:id/${catalog.path}`, needs("sessions:read"), async (c) => {
      const session = await access.activeSession(c.get("actor"), c.req.param("id"));
      if (session.metadata?.flavor !== catalog.flavor)
        return c.json({ success: false, error: `Only ${catalog.flavor} sessions have this`, code: "unsupported_flavor" }, 400);
      return c.json(await relayed(rpc.session(session.id)[catalog.rpc]({})));
    });
  }
  // Ours: one for all agents.
  app.get("/sessions/:id/models", needs("sessions:read"), async (c) => {
    const session = await access.activeSession(c.get("actor"), c.req.param("id"));
    return c.json(await relayed(rpc.session(session.id).listModels({})));
  });
  app.get("/sessions/:id/slash-commands", needs("sessions:read"), async (c) => {
    const session = await access.session(c.get("actor"), c.req.param("id"));
    const cached = (session.metadata?.slashCommands ?? []).map((name) => ({ name: name.replace(/^\//, ""), source: "builtin" }));
    if (!session.active) return c.json({ success: true, commands: cached });
    const answer = await relayed(rpc.session(session.id).listSlashCommands({ agent: session.metadata?.flavor ?? undefined }));
    return c.json(answer["success"] === true || cached.length === 0 ? answer : { success: true, commands: cached });
  });
  app.get("/sessions/:id/skills", needs("sessions:read"), async (c) => {
    const session = await access.session(c.get("actor"), c.req.param("id"));
    return c.json(await relayed(rpc.session(session.id).listSkills({ flavor: session.metadata?.flavor ?? undefined })));
  });
}
