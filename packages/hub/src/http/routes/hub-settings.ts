/** `/api/hub-settings` and facts about the database. Writing is the owner's (namespace `default`). */
import { AppError } from "@hapi/protocol";
import { Hono, type Context } from "hono";
import * as z from "zod/mini";
import type { ApiEnv } from "../api-env.ts";
import { needs } from "../needs.ts";
import { readBody } from "../body.ts";
import type { StoredFile } from "../../keeping/housekeeping.ts";
import type { HubSettingsStore } from "../../settings/hub-settings.ts";

const settingsBody = z.object({
  sessionSummaryContract: z.optional(z.boolean()),
  sessionSummaryInChat: z.optional(z.boolean()),
});
export function settingsRoutes(deps: { settings: HubSettingsStore; files(): Promise<StoredFile[]> }): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  app.get("/hub-settings", needs("sessions:read"), (c) => c.json(deps.settings.read()));
  app.put("/hub-settings", needs("admin"), async (c) => {
    requireOwner(c);
    return c.json(await deps.settings.write(await readBody(c, settingsBody)));
  });
  app.get("/storage/sqlite", needs("admin"), async (c) => {
    requireOwner(c);
    const files = await deps.files();
    const path = files[0]?.path ?? "";
    const size = (suffix: string): number => files.find((file) => file.path === path + suffix)?.bytes ?? 0;
    const [databaseBytes, walBytes, shmBytes] = [size(""), size("-wal"), size("-shm")];
    return c.json({ path, databaseBytes, walBytes, shmBytes, totalBytes: databaseBytes + walBytes + shmBytes });
  });
  return app;
}

function requireOwner(c: Context<ApiEnv>): void {
  if (c.get("namespace") !== "default") throw new AppError("owner_only");
}
