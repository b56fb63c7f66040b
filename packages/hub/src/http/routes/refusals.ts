/**
 * Parts of the contract that are not there yet: they authenticate, check what can be checked, and answer a stable sentence. Reading
 * something that would be empty answers empty, so that existing settings screens stay quiet.
 */
import { capability, AGENT_PLANES, AGENT_SESSION_ACTIONS, AGENT_STORE_STATUS, AppError } from "@hapi/protocol";
import { Hono } from "hono";
import type { SessionAccess } from "../../sessions/access.ts";
import type { ApiEnv } from "../api-env.ts";
import { needs } from "../needs.ts";

const notYet = (what: string): AppError => new AppError("not_supported", `${what} is not available yet`);

export function refusalRoutes(deps: { access: SessionAccess }): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  sessionRefusals(app, deps.access);
  hubRefusals(app);
  return app;
}

function sessionRefusals(app: Hono<ApiEnv>, access: SessionAccess): void {
  const refuse = (path: string, what: string): void => {
    app.post(`/sessions/:id/${path}`, needs("sessions:send"), async (c) => {
      await access.session(c.get("actor"), c.req.param("id") as string);
      throw notYet(what);
    });
  };
  refuse("title-suggestion", "Suggesting a title");
  refuse("rewind", "Rewinding a conversation");
  for (const action of AGENT_SESSION_ACTIONS) refuse(action, "This agent's action");
  app.post("/sessions/:id/clear", needs("sessions:send"), async (c) => {
    const session = await access.session(c.get("actor"), c.req.param("id"));
    if (capability(session.metadata, "concurrentClients") !== true) throw new AppError("clear_unavailable", "Shared session required");
    throw new AppError("clear_unavailable");
  });
  app.get(`/sessions/:id/${AGENT_STORE_STATUS}`, needs("sessions:read"), async (c) => {
    await access.session(c.get("actor"), c.req.param("id"));
    return c.json({ onDisk: false, store: null });
  });
  app.get("/sessions/:id/scratchlist", needs("sessions:read"), async (c) => {
    await access.session(c.get("actor"), c.req.param("id"));
    return c.json({ entries: [] });
  });
  app.all("/sessions/:id/scratchlist/*", needs("sessions:send"), async (c) => {
    await access.session(c.get("actor"), c.req.param("id"));
    throw notYet("The scratchlist");
  });
  app.post("/sessions/:id/scratchlist", needs("sessions:send"), async (c) => {
    await access.session(c.get("actor"), c.req.param("id"));
    throw notYet("The scratchlist");
  });
}

function hubRefusals(app: Hono<ApiEnv>): void {
  app.get("/push/vapid-public-key", needs("sessions:read"), (c) => c.json({ publicKey: null, ...notYet("Web push").toBody() }));
  app.all("/push/*", needs("sessions:read"), () => {
    throw notYet("Web push");
  });
  app.all("/devices/register", needs("sessions:read"), () => {
    throw notYet("Native push");
  });
  app.get("/voice/backend", needs("sessions:read"), (c) => c.json({ backend: null, backends: [] }));
  app.get("/voice/voices", needs("sessions:read"), (c) => c.json({ voices: [] }));
  app.get("/voice/transcription/providers", needs("sessions:read"), (c) => c.json({ providers: [] }));
  app.all("/voice/*", needs("sessions:send"), () => {
    throw notYet("Voice");
  });
  app.get("/usage/summary", needs("admin"), (c) => {
    if (c.get("namespace") !== "default") throw new AppError("owner_only");
    throw notYet("The usage summary");
  });
  app.all("/work-graph/*", needs("sessions:send"), () => {
    throw notYet("The work graph");
  });
  for (const plane of AGENT_PLANES) {
    app.all(plane, needs("machines:spawn"), () => {
      throw notYet("Importing an agent's own sessions");
    });
  }
}
