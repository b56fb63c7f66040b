/**
 * `/api/storage/retention`: what may be deleted by itself. `/api/storage/restore`: puts in place what `hapi hub restore` made ready in the home. The
 * answer comes before the hub is away for it. Both are the owner's.
 */
import { AppError } from "@hapi/protocol";
import { Hono, type Context } from "hono";
import * as z from "zod/mini";
import { retentionSchema, type RetentionStore } from "../../keeping/retention.ts";
import type { ApiEnv } from "../api-env.ts";
import { needs } from "../needs.ts";
import { readBody } from "../body.ts";

const retentionBody = z.partial(retentionSchema);
const restoreBody = z.object({ id: z.string().check(z.regex(/^[0-9a-f]{16}$/)) });

/** What only the process that runs the hub can do. */
export interface Restorer {
  isStaged(id: string): boolean;
  /** Returns at once; the hub goes away and comes back. */
  restore(id: string): void;
}

export function keepingRoutes(deps: { restorer: Restorer; retention: RetentionStore }): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  app.post("/storage/restore", needs("admin", { fresh: true }), async (c) => {
    requireOwner(c);
    const { id } = await readBody(c, restoreBody);
    if (!deps.restorer.isStaged(id)) throw new AppError("backup_not_found", "No backup was made ready. Run: hapi hub restore FILE");
    deps.restorer.restore(id);
    return c.json({ ok: true, id }, 202);
  });
  app.get("/storage/retention", needs("admin"), (c) => {
    requireOwner(c);
    return c.json(deps.retention.read());
  });
  app.put("/storage/retention", needs("admin"), async (c) => {
    requireOwner(c);
    return c.json(await deps.retention.write(await readBody(c, retentionBody)));
  });
  return app;
}

function requireOwner(c: Context<ApiEnv>): void {
  if (c.get("namespace") !== "default") throw new AppError("owner_only");
}
