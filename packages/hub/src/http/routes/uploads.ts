/** `POST /api/sessions/:id/upload…`: attachments go to the session's own machine; the hub keeps what they are, not what is in them. */
import { AppError, uploadBody } from "@hapi/protocol";
import { Hono } from "hono";
import * as z from "zod/mini";
import { relayed } from "../../rpc/relay.ts";
import type { Rpc } from "../../rpc/rpc.ts";
import type { SessionAccess } from "../../sessions/access.ts";
import type { ApiEnv } from "../api-env.ts";
import { needs } from "../needs.ts";
import { readBody } from "../body.ts";
import type { AttachmentStore } from "../../uploads/store.ts";

const maxBytes = 50 * 1024 * 1024;
const deleteBody = z.object({ path: z.string().check(z.minLength(1)) });

export function uploadRoutes(deps: { access: SessionAccess; rpc: Rpc; attachments: AttachmentStore }): Hono<ApiEnv> {
  const { access, rpc, attachments } = deps;
  const app = new Hono<ApiEnv>();
  app.post("/sessions/:id/upload", needs("files:write"), async (c) => {
    const session = await access.activeSession(c.get("actor"), c.req.param("id"));
    const { filename, content, mimeType } = await readBody(c, uploadBody);
    const sizeBytes = Math.floor((content.length * 3) / 4);
    if (sizeBytes > maxBytes) throw new AppError("body_too_large", "The file is larger than 50 MiB");
    const answer = await relayed(rpc.session(session.id).uploadFile({ sessionId: session.id, filename, content, mimeType }));
    if (typeof answer["path"] === "string") await attachments.add(session.id, { path: answer["path"], filename, mimeType, sizeBytes });
    return c.json(answer);
  });
  app.post("/sessions/:id/upload/delete", needs("files:write"), async (c) => {
    const session = await access.activeSession(c.get("actor"), c.req.param("id"));
    const { path } = await readBody(c, deleteBody);
    const answer = await relayed(rpc.session(session.id).deleteUpload({ sessionId: session.id, path }));
    await attachments.remove(session.id, path);
    return c.json(answer);
  });
  return app;
}
