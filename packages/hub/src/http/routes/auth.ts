/** `POST /api/auth` (access token → JWT) and the login of the `/api` and `/cli` planes. Telegram answers that it is not set up. */
import { AppError, authBody, PROTOCOL_HEADER, PROTOCOL_VERSION } from "@hapi/protocol";
import { Hono, type Context, type MiddlewareHandler } from "hono";
import * as z from "zod/mini";
import type { ApiEnv, CliEnv } from "../api-env.ts";
import { limitBody, readBody } from "../body.ts";
import type { Caller } from "../../auth/caller.ts";
import type { Door } from "../../auth/door.ts";
import type { Tokens } from "../../auth/tokens.ts";

export interface AuthDeps {
  door: Door;
  tokens: Tokens;
  ownerId: number;
  callerOf(c: Context): Caller;
}

const bindBody = z.object({ initData: z.string(), accessToken: z.string() });
/** Anybody may send these: no more is read than a token needs. */
const maxLoginBytes = 64 * 1024;

function tokenCheck({ door, callerOf }: Pick<AuthDeps, "door" | "callerOf">) {
  return (c: Context, token: string, code: "invalid_token" | "invalid_access_token"): string => {
    const namespace = door.namespaceOf(token, callerOf(c));
    if (namespace === null) throw new AppError(code);
    return namespace;
  };
}

export function authRoutes(deps: AuthDeps): Hono {
  const { tokens, ownerId } = deps;
  const checkToken = tokenCheck(deps);
  const app = new Hono();
  app.post("/auth", limitBody(maxLoginBytes), async (c) => {
    const body = await readBody(c, authBody);
    if (!("accessToken" in body)) throw new AppError("telegram_disabled");
    const namespace = checkToken(c, body.accessToken, "invalid_access_token");
    const token = await tokens.issue({ userId: ownerId, namespace });
    return c.json({ token, user: { id: ownerId, firstName: "Web User" } });
  });
  app.post("/bind", limitBody(maxLoginBytes), async (c) => {
    await readBody(c, bindBody);
    throw new AppError("telegram_disabled");
  });
  return app;
}

/** `?token=` counts on the event stream only, where a browser can't set a header. */
const queryTokenPaths = new Set(["/api/events"]);

export function requireJwt(tokens: Tokens): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const header = c.req.header("authorization");
    const fromHeader = header?.startsWith("Bearer ") ? header.slice(7) : undefined;
    const token = fromHeader ?? (queryTokenPaths.has(c.req.path) ? c.req.query("token") : undefined);
    if (!token) throw new AppError("missing_token");
    const claims = await tokens.verify(token);
    if (!claims) throw new AppError("invalid_token");
    c.set("namespace", claims.namespace);
    c.set("userId", claims.userId);
    c.set("signedInUntil", claims.expiresAt);
    await next();
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
    const namespace = checkToken(c, match[1] as string, "invalid_token");
    c.set("namespace", namespace);
    await next();
  };
}
