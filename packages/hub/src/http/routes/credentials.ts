/** `/api/credentials`: who may come in. The owner (namespace `default`) sees everybody, an admin of another namespace those of that one. */
import { AppError } from "@hapi/protocol";
import { codeBody, credentialNameBody, newCredentialBody, roleBody, type CredentialView } from "@hapi/protocol/credentials";
import type { CredentialKind, Role } from "@hapi/protocol/scopes";
import { Hono } from "hono";
import type * as z from "zod/mini";
import { hasOwner } from "../../auth/all-of-them.ts";
import type { Actor } from "../../auth/actor.ts";
import { codeLifetimeMs, type Codes } from "../../auth/codes.ts";
import { defaultNamespace, LEGACY, type NewCredential } from "../../auth/credential.ts";
import type { Credentials } from "../../auth/credentials.ts";
import type { SignInNotices } from "../../auth/sign-in-notices.ts";
import type { Credential } from "../../auth/store.ts";
import type { ApiEnv } from "../api-env.ts";
import { readBody } from "../body.ts";
import { needs } from "../needs.ts";

const dayMs = 24 * 3_600_000;

export interface CredentialRouteDeps {
  credentials: Credentials;
  codes: Codes;
  notices: Pick<SignInNotices, "list">;
}

export function credentialRoutes({ credentials, codes, notices }: CredentialRouteDeps): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  app.get("/credentials", needs("admin"), (c) => {
    const actor = c.get("actor");
    const shown = credentials.list().filter((credential) => maySee(actor, credential));
    return c.json({ credentials: shown.map((credential) => viewOf(credential, actor)) });
  });
  app.post("/credentials", needs("admin", { fresh: true }), async (c) => {
    const actor = c.get("actor");
    const { credential, token } = await credentials.issue(wanted(actor, await readBody(c, newCredentialBody)));
    return c.json({ credential: viewOf(credential, actor), token }, 201);
  });
  app.post("/credentials/codes", needs("admin", { fresh: true }), async (c) => {
    const { role = "admin" } = await readBody(c, codeBody, { optional: true });
    const { namespace, credentialId: by } = c.get("actor");
    return c.json({ ...codes.make({ by, namespace, role }), expiresInMs: codeLifetimeMs, role }, 201);
  });
  app.get("/credentials/notices", needs("admin"), (c) => {
    const { namespace: own } = c.get("actor");
    // Whom somebody meant who failed is not known: that is the owner's to see.
    return c.json({ notices: notices.list().filter(({ namespace }) => own === defaultNamespace || own === namespace) });
  });
  app.get("/credentials/codes/:id", needs("admin"), (c) => {
    const found = codes.find(c.req.param("id"), c.get("actor").credentialId);
    if (found?.state !== "used") return c.json({ state: found ? "open" : "over" });
    const { usedAt, credentialId } = found.used;
    return c.json({ state: "used", usedAt, device: { id: credentialId, name: credentials.get(credentialId)?.name ?? "" } });
  });
  app.delete("/credentials/codes/:id", needs("admin"), (c) =>
    c.json({ ok: true, withdrawn: codes.withdraw(c.req.param("id"), c.get("actor").credentialId) }),
  );
  changeRoutes(app, credentials);
  return app;
}

function wanted(actor: Actor, body: z.output<typeof newCredentialBody>): NewCredential {
  const { kind, name, role = kind === "machine" ? "machine" : "program", machineId } = body;
  if ((kind === "machine") !== (machineId !== undefined))
    throw new AppError("invalid_body", "A machine's credential, and no other, names its machine; its role is machine");
  checkRole(kind, role);
  const bound = machineId === undefined ? {} : { machineId };
  return { kind, name, role, namespace: namespaceFor(actor, body.namespace), ...bound, ...lifetimeOf(body.lifetimeDays) };
}

/** Null: everything, of which the shared token alone is capable. A machine's credential is for its machine, and can nothing else. */
function checkRole(kind: CredentialKind, role: Role | null): void {
  if (role === null && kind !== "legacy") throw new AppError("invalid_body", "Only the shared token can be without a role");
  if (kind === "machine" && role !== "machine")
    throw new AppError("invalid_body", "The role of a machine's credential is machine, and stays so");
}

function namespaceFor(actor: Actor, namespace = actor.namespace): string {
  if (namespace !== actor.namespace && actor.namespace !== defaultNamespace) throw new AppError("owner_only");
  if (/[:\s]/.test(namespace)) throw new AppError("invalid_body", "A namespace has no colon and no space in it");
  return namespace;
}

function lifetimeOf(days: number | undefined): { lifetimeMs?: number } {
  if (days === undefined) return {};
  if (Number.isInteger(days) && days >= 1 && days <= 3650) return { lifetimeMs: days * dayMs };
  throw new AppError("invalid_body", "lifetimeDays is a whole number up to 3650");
}

function changeRoutes(app: Hono<ApiEnv>, credentials: Credentials): void {
  const find = (actor: Actor, id: string): Credential => {
    const found = credentials.get(id);
    if (!found || !maySee(actor, found)) throw new AppError("not_found", "There is no such sign-in");
    return found;
  };
  app.put("/credentials/:id", needs("admin", { fresh: true }), async (c) => {
    const actor = c.get("actor");
    const { id, kind } = find(actor, c.req.param("id"));
    const { role } = await readBody(c, roleBody);
    checkRole(kind, role);
    if (role !== null && role !== "admin") checkAnotherAdmin(credentials, id);
    return c.json({ credential: viewOf(await credentials.allow(id, role), actor) });
  });
  app.put("/credentials/:id/name", needs("admin"), async (c) => {
    const actor = c.get("actor");
    const { id } = find(actor, c.req.param("id"));
    const { name } = await readBody(c, credentialNameBody);
    return c.json({ credential: viewOf(await credentials.rename(id, name), actor) });
  });
  app.delete("/credentials/:id", needs("anyone"), async (c) => {
    const actor = c.get("actor");
    const isSelf = c.req.param("id") === "self";
    if (!isSelf && !actor.scopes.has("admin")) throw new AppError("scope_missing");
    // The shared token signs out where it is kept: for the others it goes on.
    const revoked = isSelf ? actor.credentialId !== LEGACY && (await credentials.revoke(actor.credentialId)) : null;
    if (revoked !== null) return c.json({ ok: true, revoked });
    const { id } = find(actor, c.req.param("id"));
    c.get("stepUp").check(actor);
    checkAnotherAdmin(credentials, id);
    return c.json({ ok: true, revoked: await credentials.revoke(id) });
  });
  app.delete("/credentials", needs("admin", { fresh: true }), async (c) => {
    const actor = c.get("actor");
    const others = credentials
      .list()
      .filter(({ id, ...rest }) => id !== actor.credentialId && id !== LEGACY && maySee(actor, { id, ...rest }));
    const revoked = await Promise.all(others.map(({ id }) => credentials.revoke(id)));
    return c.json({ ok: true, revoked: revoked.filter(Boolean).length });
  });
}

/** Of the owner's, or nobody could ever let somebody in again. */
function checkAnotherAdmin(credentials: Credentials, id: string): void {
  if (!hasOwner(credentials, id))
    throw new AppError(
      "apply_failed",
      "It is the owner's last sign-in with the role admin. Make another first: hapi auth code --role admin",
    );
}

/** The shared token is everybody's, and the owner's to take away. */
const maySee = ({ namespace }: Actor, credential: Credential): boolean =>
  namespace === defaultNamespace || credential.namespace === namespace;

function viewOf(credential: Credential, { credentialId }: Actor): CredentialView {
  const { secretHash: _secret, nextHashes: _next, spentHashes: _spent, provedAt: _proved, scopes, ...shown } = credential;
  return { ...shown, scopes: [...scopes], isThis: shown.id === credentialId };
}
