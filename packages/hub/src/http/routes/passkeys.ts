/** `/api/passkeys`: those of one's namespace. `/api/proof/passkey`: that whoever is signed in is one of its people, by one of them. */
import { newPasskeyBody, passkeyNameBody, type PasskeyView, proofBody } from "@hapi/protocol/passkeys";
import { type Context, Hono } from "hono";
import type { Caller } from "../../auth/caller.ts";
import type { Door } from "../../auth/door.ts";
import { proofLifetimeMs, type StepUp } from "../../auth/step-up.ts";
import type { Passkeys } from "../../auth/passkeys/passkeys.ts";
import { relyingPartyOf } from "../../auth/passkeys/relying-party.ts";
import type { Passkey } from "../../auth/passkeys/store.ts";
import type { ApiEnv } from "../api-env.ts";
import { readBody } from "../body.ts";
import { needs } from "../needs.ts";

export interface PasskeyRouteDeps {
  door: Pick<Door, "guarded">;
  passkeys: Passkeys;
  stepUp: Pick<StepUp, "proved">;
  callerOf(c: Context): Caller;
}

export function passkeyRoutes({ door, passkeys, stepUp, callerOf }: PasskeyRouteDeps): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  app.get("/passkeys", needs("admin"), (c) => c.json({ passkeys: passkeys.of(c.get("namespace")).map(viewOf) }));
  app.post("/passkeys/options", needs("admin", { fresh: true }), async (c) =>
    c.json(await passkeys.creationOptions(c.get("actor"), relyingPartyOf(c.req.raw.headers))),
  );
  app.post("/passkeys", needs("admin", { fresh: true }), async (c) => {
    const body = await readBody(c, newPasskeyBody);
    return c.json({ passkey: viewOf(await passkeys.add(c.get("actor"), relyingPartyOf(c.req.raw.headers), body)) }, 201);
  });
  app.put("/passkeys/:id", needs("admin"), async (c) => {
    const { name } = await readBody(c, passkeyNameBody);
    return c.json({ passkey: viewOf(await passkeys.rename(c.get("namespace"), c.req.param("id"), name)) });
  });
  app.delete("/passkeys/:id", needs("admin", { fresh: true }), async (c) => {
    await passkeys.remove(c.get("namespace"), c.req.param("id"));
    return c.json({ ok: true });
  });
  app.post("/proof/passkey/options", needs("anyone"), async (c) =>
    c.json(await passkeys.proofOptions(c.get("actor"), relyingPartyOf(c.req.raw.headers))),
  );
  app.post("/proof/passkey", needs("anyone"), async (c) => {
    const { response } = await readBody(c, proofBody);
    const actor = c.get("actor");
    const party = relyingPartyOf(c.req.raw.headers);
    await door.guarded(callerOf(c), () => passkeys.prove(actor, party, response));
    stepUp.proved(actor);
    return c.json({ ok: true, lastsMs: proofLifetimeMs });
  });
  return app;
}

const viewOf = ({ id, name, rpId, isSynced, createdAt, lastUsedAt }: Passkey): PasskeyView => ({
  ...{ id, name, host: rpId, isSynced, createdAt, lastUsedAt },
});
