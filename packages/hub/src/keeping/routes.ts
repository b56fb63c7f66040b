/** `/api/storage/restore`: puts in place what `hapi hub restore` made ready in the home. The answer comes before the hub is away for it. */
import { AppError } from "@hapi/protocol";
import { Hono } from "hono";
import * as z from "zod/mini";
import type { ApiEnv } from "../transport/http/api-env.ts";
import { readBody } from "../transport/http/body.ts";

const restoreBody = z.object({ id: z.string().check(z.regex(/^[0-9a-f]{16}$/)) });

/** What only the process that runs the hub can do. */
export interface Restorer {
  isStaged(id: string): boolean;
  /** Returns at once; the hub goes away and comes back. */
  restore(id: string): void;
}

export function keepingRoutes(deps: { restorer: Restorer }): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  app.post("/storage/restore", async (c) => {
    if (c.get("namespace") !== "default") throw new AppError("owner_only");
    const { id } = await readBody(c, restoreBody);
    if (!deps.restorer.isStaged(id)) throw new AppError("backup_not_found", "No backup was made ready. Run: hapi hub restore FILE");
    deps.restorer.restore(id);
    return c.json({ ok: true, id }, 202);
  });
  return app;
}
