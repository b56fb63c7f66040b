/** The HTTP side: one error handler, CORS, compression, the three planes, and the web app for everything else. */
import type { Clock, Logger } from "@hapi/platform";
import { AppError, MAX_BODY_BYTES, PROTOCOL_HEADER, PROTOCOL_VERSION, toAppError } from "@hapi/protocol";
import { Hono, type Context } from "hono";
import { cors } from "hono/cors";
import { requestId } from "hono/request-id";
import { requireAccessToken, requireJwt, authRoutes, stillLetIn, type AuthDeps } from "./routes/auth.ts";
import type { ApiEnv, CliEnv } from "./api-env.ts";
import { limitBody } from "./body.ts";
import { compress } from "./compress.ts";
import { checkDeclared } from "./needs.ts";
import { classOf, type RateLimits } from "./limits.ts";
import { secureAnswer } from "./security-headers.ts";

export interface AppDeps {
  auth: AuthDeps;
  api: readonly Hono<ApiEnv>[];
  cli: Hono<CliEnv>;
  corsOrigins: readonly string[];
  limits: RateLimits;
  clock: Clock;
  /** What was read so far will not be taken back. */
  settled(): Promise<unknown>;
  log: Logger;
  /** Answers what is no API. */
  web: (request: Request) => Promise<Response | null>;
}

/** For configured origins; `*` allows all. Requests of the hub's own pages need none of it. */
const corsOptions = (origins: readonly string[]): Parameters<typeof cors>[0] => ({
  origin: origins.includes("*") ? "*" : [...origins],
  allowMethods: ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
  allowHeaders: ["authorization", "content-type", "last-event-id", "x-request-id"],
  exposeHeaders: [PROTOCOL_HEADER, "x-request-id"],
  maxAge: 600,
});

export function createApp(deps: AppDeps): Hono {
  const app = new Hono({ strict: false });
  app.onError((cause, c) => answerError(deps.log, cause, c));
  app.notFound((c) => c.json(new AppError("not_found").toBody(), 404));
  for (const path of ["/health", "/api/*", "/cli/*"]) app.use(path, requestId(), cors(corsOptions(deps.corsOrigins)));
  for (const path of ["/health", "/api/*", "/cli/*"]) app.use(path, keptByNobody);
  for (const path of ["/api/*", "/cli/*"]) app.use(path, limitCaller(deps));
  app.use("/api/*", compress);
  for (const path of ["/api/*", "/cli/*"]) app.use(path, settledReads(deps));
  app.get("/health", (c) => {
    const said = { status: "ok", protocolVersion: PROTOCOL_VERSION, capabilities: { workGraph: false, titleSuggestion: false } };
    return c.json(deps.auth.lock.state === null ? said : { ...said, locked: true });
  });
  app.route("/api", authRoutes(deps.auth));
  app.route("/api", apiPlane(deps));
  app.route("/cli", cliPlane(deps));
  app.all("/api/*", (c) => c.json(new AppError("not_found").toBody(), 404));
  app.get("*", async (c) => (await deps.web(c.req.raw)) ?? c.json(new AppError("not_found").toBody(), 404));
  return app;
}

function apiPlane(deps: AppDeps): Hono<ApiEnv> {
  const plane = new Hono<ApiEnv>();
  plane.use("*", requireJwt(deps.auth), limitCredential(deps), limitBody(MAX_BODY_BYTES, deps.clock), stillLetIn(deps.auth));
  for (const routes of deps.api) {
    checkDeclared(routes as never);
    plane.route("/", routes);
  }
  return plane;
}

function cliPlane(deps: AppDeps): Hono<CliEnv> {
  const plane = new Hono<CliEnv>();
  plane.use("*", requireAccessToken(deps.auth), limitCredential(deps), limitBody(MAX_BODY_BYTES, deps.clock));
  checkDeclared(deps.cli as never);
  plane.route("/", deps.cli);
  plane.all("*", () => {
    throw new AppError("not_found");
  });
  return plane;
}

async function keptByNobody(c: Context, next: () => Promise<void>): Promise<void> {
  await next();
  secureAnswer(c.res.headers);
}

type Limiting = Pick<AppDeps, "limits" | "auth">;

/** Before anything is read of who it is. */
function limitCaller({ limits, auth }: Limiting) {
  return async (c: Context, next: () => Promise<void>): Promise<void> => {
    const { key, isLocal } = auth.callerOf(c);
    if (isLocal) return next();
    const kind = classOf(c.req.method, c.req.path);
    limits.caller(key, kind);
    await next();
    if (kind === "login" && c.res.status === 200) limits.signedIn(key);
  };
}

/** Behind the login: one credential from many addresses is one. */
function limitCredential({ limits, auth }: Limiting) {
  return async (c: Context<ApiEnv | CliEnv>, next: () => Promise<void>): Promise<void> => {
    const { credentialId, namespace } = c.get("actor");
    if (!auth.callerOf(c).isLocal) limits.credential(`${namespace} ${credentialId}`, classOf(c.req.method, c.req.path));
    await next();
  };
}

/** A read sees what the transaction of this moment holds: nobody hears of it before it is committed. */
function settledReads({ settled }: Pick<AppDeps, "settled">) {
  return async (c: Context, next: () => Promise<void>): Promise<void> => {
    await next();
    if (c.req.method === "GET") await settled();
  };
}

function answerError(log: Logger, cause: unknown, c: Context): Response {
  const error = toAppError(cause);
  if (error.code === "internal") {
    const reason = cause instanceof Error ? cause.stack : String(cause);
    log.error("http.request_failed", { requestId: c.get("requestId"), method: c.req.method, path: c.req.path, reason });
  }
  const { retryAfter } = error.details;
  if (typeof retryAfter === "number") c.header("retry-after", String(retryAfter));
  if (c.req.path.startsWith("/cli/")) c.header(PROTOCOL_HEADER, String(PROTOCOL_VERSION));
  return c.json(error.toBody(), error.status as 500);
}
