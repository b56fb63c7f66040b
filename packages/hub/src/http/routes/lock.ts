/** `/api/lock`: everything locked in one word, and unlocked from this computer. Both are the owner's. */
import { AppError } from "@hapi/protocol";
import { type Context, Hono } from "hono";
import { hasOwner, revokeDevices } from "../../auth/all-of-them.ts";
import { defaultNamespace, LEGACY } from "../../auth/credential.ts";
import type { Codes } from "../../auth/codes.ts";
import type { Caller } from "../../auth/caller.ts";
import type { Credentials } from "../../auth/credentials.ts";
import type { Lock } from "../../auth/lock.ts";
import type { ApiEnv } from "../api-env.ts";
import { needs } from "../needs.ts";

export interface LockRouteDeps {
  lock: Lock;
  credentials: Credentials;
  codes: Codes;
  callerOf(c: Context): Caller;
  /** What was held back may go. */
  onUnlocked(): void;
}

export function lockRoutes({ lock, credentials, codes, callerOf, onUnlocked }: LockRouteDeps): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  app.get("/lock", needs("sessions:read"), (c) => c.json(viewOf(lock)));
  app.put("/lock", needs("admin"), async (c) => {
    requireOwner(c);
    const { since } = lock.lock(c.get("actor").name);
    codes.forgetAll();
    const revoked = await revokeDevices(credentials, since);
    return c.json({ ...viewOf(lock), revoked });
  });
  app.delete("/lock", needs("admin"), (c) => {
    requireOwner(c);
    if (!callerOf(c).isLocal) throw new AppError("owner_only", "A hub is unlocked on its own computer: hapi unlock");
    if (lock.state === null) return c.json({ ...viewOf(lock), wasLocked: false });
    if (!hasOwner(credentials)) throw new AppError("apply_failed", nobodyWords);
    lock.unlock();
    codes.forgetAll();
    credentials.recheck(LEGACY);
    onUnlocked();
    return c.json({ ...viewOf(lock), wasLocked: true });
  });
  return app;
}

const nobodyWords =
  "Nobody could steer this hub once it is unlocked: its browsers were signed out, and the shared token is switched off. Sign one in first with the link of hapi web, then say hapi unlock again";

const viewOf = ({ state }: Lock): { locked: boolean; since?: number; by?: string } => ({ locked: state !== null, ...state });

function requireOwner(c: Context<ApiEnv>): void {
  if (c.get("namespace") !== defaultNamespace) throw new AppError("owner_only");
}
