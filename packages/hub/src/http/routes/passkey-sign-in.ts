/** `/api/auth/passkey`: signing in with one makes what a code makes, a device of its own. */
import { AppError } from "@hapi/protocol";
import { usePasskeyBody } from "@hapi/protocol/passkeys";
import type { Context, Hono, MiddlewareHandler } from "hono";
import { readBody } from "../body.ts";
import type { Caller } from "../../auth/caller.ts";
import { deviceLifetimeMs } from "../../auth/credential.ts";
import type { Credentials, Issued } from "../../auth/credentials.ts";
import type { Door } from "../../auth/door.ts";
import type { Passkeys } from "../../auth/passkeys/passkeys.ts";
import type { StepUp } from "../../auth/step-up.ts";
import { relyingPartyOf } from "../../auth/passkeys/relying-party.ts";

export interface PasskeySignInDeps {
  door: Door;
  credentials: Credentials;
  passkeys: Passkeys;
  stepUp: Pick<StepUp, "proved">;
  callerOf(c: Context): Caller;
  /** What a device is told that was signed in. */
  answer(c: Context, issued: Issued): Promise<Response>;
  /** What a browser calls itself. */
  nameOf(c: Context): string;
}

/** `small`: reads no more of a body than one needs. */
export function passkeySignIn(app: Hono, small: MiddlewareHandler, deps: PasskeySignInDeps): void {
  const { door, credentials, passkeys, stepUp, callerOf, answer, nameOf } = deps;
  app.post("/auth/passkey/options", small, async (c) => c.json(await passkeys.signInOptions(relyingPartyOf(c.req.raw.headers))));
  app.post("/auth/passkey", small, async (c) => {
    const { response, name = nameOf(c) } = await readBody(c, usePasskeyBody);
    const party = relyingPartyOf(c.req.raw.headers);
    const issued = await door.guarded(callerOf(c), async () => {
      const { id, namespace } = await passkeys.signIn(party, response);
      const made = await credentials.issue({
        kind: "device",
        name,
        namespace,
        role: "admin",
        lifetimeMs: deviceLifetimeMs,
        isProved: true,
      });
      if (passkeys.has(id)) return made;
      // Whoever deleted it meanwhile did not see this one yet.
      await credentials.revoke(made.credential.id);
      throw new AppError("passkey_unknown");
    });
    stepUp.proved({ namespace: issued.credential.namespace, credentialId: issued.credential.id });
    return answer(c, issued);
  });
}
