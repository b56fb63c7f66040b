/** `/api/passkeys`: those of one's namespace. */
import { newPasskeyBody, passkeyNameBody, type PasskeyView } from "@hapi/protocol/passkeys";
import { Hono } from "hono";
import type { Passkeys } from "../../auth/passkeys/passkeys.ts";
import { relyingPartyOf } from "../../auth/passkeys/relying-party.ts";
import type { Passkey } from "../../auth/passkeys/store.ts";
import type { ApiEnv } from "../api-env.ts";
import { readBody } from "../body.ts";
import { needs } from "../needs.ts";

export function passkeyRoutes({ passkeys }: { passkeys: Passkeys }): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  app.get("/passkeys", needs("admin"), (c) => c.json({ passkeys: passkeys.of(c.get("namespace")).map(viewOf) }));
  app.post("/passkeys/options", needs("admin"), async (c) =>
    c.json(await passkeys.creationOptions(c.get("actor"), relyingPartyOf(c.req.raw.headers))),
  );
  app.post("/passkeys", needs("admin"), async (c) => {
    const body = await readBody(c, newPasskeyBody);
    return c.json({ passkey: viewOf(await passkeys.add(c.get("actor"), relyingPartyOf(c.req.raw.headers), body)) }, 201);
  });
  app.put("/passkeys/:id", needs("admin"), async (c) => {
    const { name } = await readBody(c, passkeyNameBody);
    return c.json({ passkey: viewOf(await passkeys.rename(c.get("namespace"), c.req.param("id"), name)) });
  });
  app.delete("/passkeys/:id", needs("admin"), async (c) => {
    await passkeys.remove(c.get("namespace"), c.req.param("id"));
    return c.json({ ok: true });
  });
  return app;
}

const viewOf = ({ id, name, rpId, isSynced, createdAt, lastUsedAt }: Passkey): PasskeyView => ({
  ...{ id, name, host: rpId, isSynced, createdAt, lastUsedAt },
});
