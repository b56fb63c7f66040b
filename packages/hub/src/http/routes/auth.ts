/** `POST /api/auth` (access token → JWT), `/api/auth/code`, `/api/auth/passkey` and `/api/auth/refresh` (a device of its own), and the login of the `/api` and `/cli` planes. Telegram answers that it is not set up. */
import { type Clock, ignore } from "@hapi/platform";
import { AppError, authBody, PROTOCOL_HEADER, PROTOCOL_VERSION } from "@hapi/protocol";
import { refreshBody, useCodeBody } from "@hapi/protocol/credentials";
import { Hono, type Context, type MiddlewareHandler } from "hono";
import * as z from "zod/mini";
import type { ApiEnv, CliEnv } from "../api-env.ts";
import { limitBody, readBody } from "../body.ts";
import type { Actor } from "../../auth/actor.ts";
import type { Caller } from "../../auth/caller.ts";
import { deviceLifetimeMs } from "../../auth/credential.ts";
import { type Codes, isCode } from "../../auth/codes.ts";
import type { Passkeys } from "../../auth/passkeys/passkeys.ts";
import type { Credentials, Issued } from "../../auth/credentials.ts";
import type { Door } from "../../auth/door.ts";
import type { Lock } from "../../auth/lock.ts";
import type { SignInNotices } from "../../auth/sign-in-notices.ts";
import type { StepUp } from "../../auth/step-up.ts";
import type { Tokens } from "../../auth/tokens.ts";
import { passkeySignIn } from "./passkey-sign-in.ts";

export interface AuthDeps {
  door: Door;
  credentials: Credentials;
  lock: Lock;
  notices: SignInNotices;
  codes: Codes;
  passkeys: Passkeys;
  stepUp: StepUp;
  tokens: Tokens;
  ownerId: number;
  callerOf(c: Context): Caller;
  clock: Clock;
}

const bindBody = z.object({ initData: z.string(), accessToken: z.string() });
/** Anybody may send these: no more is read than a token needs. */
const maxLoginBytes = 64 * 1024;

function tokenCheck({ door, callerOf }: Pick<AuthDeps, "door" | "callerOf">) {
  return (c: Context, token: string, code: "invalid_token" | "invalid_access_token"): Actor => {
    const actor = door.actorOf(token, callerOf(c));
    if (actor === null) throw new AppError(code);
    return actor;
  };
}

export function authRoutes(deps: AuthDeps): Hono {
  const { tokens, ownerId } = deps;
  const checkToken = tokenCheck(deps);
  const devices = deviceAnswers(deps);
  const app = new Hono();
  const small = limitBody(maxLoginBytes, deps.clock);
  app.post("/auth", small, async (c) => {
    const body = await readBody(c, authBody);
    if (!("accessToken" in body)) throw new AppError("telegram_disabled");
    const { accessToken } = body;
    if (deps.credentials.isDevice(accessToken)) return devices.renewed(c, accessToken);
    // Clients have one field and one link for whatever lets them in.
    if (isCode(accessToken) && deps.credentials.byToken(accessToken) === null) return devices.byCode(c, accessToken, deviceName(c));
    const { namespace, credentialId } = checkToken(c, accessToken, "invalid_access_token");
    const token = await tokens.issue({ userId: ownerId, namespace, credentialId });
    return c.json({ token, user: { id: ownerId, firstName: "Web User" } });
  });
  app.post("/auth/code", small, async (c) => {
    const { code, name } = await readBody(c, useCodeBody);
    return devices.byCode(c, code, name ?? deviceName(c));
  });
  app.post("/auth/refresh", small, async (c) => devices.renewed(c, (await readBody(c, refreshBody)).refresh));
  passkeySignIn(app, small, { ...deps, answer: devices.welcomed, nameOf: deviceName });
  app.post("/bind", small, async (c) => {
    await readBody(c, bindBody);
    throw new AppError("telegram_disabled");
  });
  return app;
}

/** What makes and renews a device's sign-in. */
function deviceAnswers({ door, credentials, codes, lock, notices, tokens, ownerId, callerOf }: AuthDeps) {
  const answer = async (c: Context, { credential, token: refresh }: Issued): Promise<Response> => {
    const { id, namespace, name, role, expiresAt } = credential;
    const actor = credentials.actorOf(id, namespace);
    const token = await tokens.issue({ userId: ownerId, namespace, credentialId: id });
    ignore(credentials.used(actor, callerOf(c).key), "when it was last used is a help, no promise");
    return c.json({ token, user: { id: ownerId, firstName: "Web User" }, refresh, credential: { id, name, role, expiresAt } });
  };
  const welcomed = async (c: Context, issued: Issued): Promise<Response> => {
    const { id: credentialId, name, namespace } = issued.credential;
    try {
      lock.checkCaller(callerOf(c));
    } catch (cause) {
      // Everything was locked while it was made.
      await credentials.revoke(credentialId);
      throw cause;
    }
    notices.device({ name, namespace, credentialId }, callerOf(c));
    return answer(c, issued);
  };
  return {
    welcomed,
    async byCode(c: Context, code: string, name: string): Promise<Response> {
      const issued = await door.guarded(callerOf(c), async () => {
        const { id, by, namespace, role } = codes.use(code);
        const made = await credentials.issue({ kind: "device", name, namespace, role, lifetimeMs: deviceLifetimeMs, isProved: true, by });
        codes.wasUsed(id, { usedAt: made.credential.createdAt, credentialId: made.credential.id });
        return made;
      });
      return welcomed(c, issued);
    },
    async renewed(c: Context, refresh: string): Promise<Response> {
      return answer(c, await door.guarded(callerOf(c), () => credentials.refresh(refresh)));
    },
  };
}

/** What a browser calls itself, in few words. */
function deviceName(c: Context): string {
  const agent = c.req.header("user-agent") ?? "";
  const browser = /\b(Edg|Firefox|Chrome|Safari)\b/.exec(agent)?.[1]?.replace("Edg", "Edge");
  const system = /\b(Android|iPhone|iPad|Windows|Mac OS X|Linux)\b/.exec(agent)?.[1]?.replace("Mac OS X", "Mac");
  return [browser, system].filter(Boolean).join(", ") || "Device";
}

type JwtDeps = Pick<AuthDeps, "tokens" | "credentials" | "lock" | "stepUp" | "callerOf">;

/** `?token=` counts on the event stream only, where a browser can't set a header. */
const queryTokenPaths = new Set(["/api/events"]);

export function requireJwt({ tokens, credentials, lock, stepUp, callerOf }: JwtDeps): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const header = c.req.header("authorization");
    const fromHeader = header?.startsWith("Bearer ") ? header.slice(7) : undefined;
    const token = fromHeader ?? (queryTokenPaths.has(c.req.path) ? c.req.query("token") : undefined);
    if (!token) throw new AppError("missing_token");
    const claims = await tokens.verify(token);
    lock.checkCaller(callerOf(c));
    if (!claims) throw new AppError("invalid_token");
    c.set("lock", lock);
    c.set("stepUp", stepUp);
    c.set("actor", credentials.actorOf(claims.credentialId, claims.namespace));
    c.set("namespace", claims.namespace);
    c.set("userId", claims.userId);
    c.set("signedInUntil", claims.expiresAt);
    await next();
  };
}

/** Behind the body, for which somebody may take his time: who was shut out meanwhile is. */
export function stillLetIn({
  credentials,
  lock,
  callerOf,
}: Pick<AuthDeps, "credentials" | "lock" | "callerOf">): MiddlewareHandler<ApiEnv> {
  return (c, next) => {
    const { credentialId, namespace } = c.get("actor");
    lock.checkCaller(callerOf(c));
    c.set("actor", credentials.actorOf(credentialId, namespace));
    return next();
  };
}

export function requireAccessToken(deps: AuthDeps): MiddlewareHandler<CliEnv> {
  const checkToken = tokenCheck(deps);
  return async (c, next) => {
    c.header(PROTOCOL_HEADER, String(PROTOCOL_VERSION));
    const header = c.req.header("authorization");
    if (!header) throw new AppError("missing_token", "Missing Authorization header");
    const match = /^Bearer\s+(.+)$/i.exec(header);
    if (!match) throw new AppError("invalid_token", "Invalid Authorization header");
    const actor = checkToken(c, match[1] as string, "invalid_token");
    c.set("actor", actor);
    c.set("namespace", actor.namespace);
    await next();
  };
}
