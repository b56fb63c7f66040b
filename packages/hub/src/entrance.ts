/** What every request passes first, whatever it wants: who sends it, over what, by which name; then it is the sockets' or the routes'. */
import type { HttpServer } from "@hapi/platform";
import { AppError, toAppError } from "@hapi/protocol";
import type { Hono } from "hono";
import { type Caller, callerOf } from "./auth/caller.ts";
import type { Proxies } from "./auth/proxies.ts";
import { type Gate, refuse } from "./http/gate.ts";
import type { RateLimits } from "./http/limits.ts";
import type { Door } from "./listening/listen.ts";
import type { SocketServer } from "./socket/socket-server.ts";

/** What routes know of a request besides itself. */
export interface RequestEnv {
  server: HttpServer<never>;
  caller: Caller;
}

export interface EntranceParts {
  app: Hono;
  sockets: SocketServer;
  gate: Gate;
  limits: Pick<RateLimits, "caller">;
  proxies: Proxies;
}

type Entrance = (request: Request, server: HttpServer<never>, door: Door) => Response | Promise<Response>;

/** A year; not for names below this one, which may be other people's. */
const HSTS = "max-age=31536000";
const proxyWords =
  "This hub is reached through its proxy, or from its own computer. If this is the proxy, start the hub with its address in HAPI_TRUSTED_PROXIES";

/** From here on it is answered; before, a connection says what it wants within `idleTimeout` (`listening/listen.ts`). */
const answerSeconds = 240;

export function createEntrance({ app, sockets, gate, limits, proxies }: EntranceParts): Entrance {
  // Long polling is a request for each word.
  const toSockets = (request: Request, server: HttpServer<never>, caller: Caller): Response | Promise<Response> => {
    const refusal = caller.isLocal ? null : tooMany(() => limits.caller(caller.key, "rest"), request);
    return refusal ?? sockets.handle(request, server, caller);
  };
  return (request, server, door) => {
    server.timeout(request, answerSeconds);
    const address = server.requestIP(request)?.address ?? "unknown";
    const byProxy = proxies.trusts(address);
    if (door.proxiesOnly && !byProxy) return refuse(request, new AppError("tls_required", proxyWords));
    const isSocket = isSocketPath(request.url, sockets.path);
    const refusal = gate(request, { isSocket, byProxy });
    if (refusal) return refusal;
    const caller = callerOf(request.headers, address, proxies);
    const answer = isSocket ? toSockets(request, server, caller) : app.fetch(request, { server, caller } satisfies RequestEnv);
    return door.tls || (byProxy && isOverTls(request.headers)) ? withHsts(answer) : answer;
  };
}

function tooMany(count: () => void, request: Request): Response | null {
  try {
    count();
    return null;
  } catch (cause) {
    return refuse(request, toAppError(cause));
  }
}

/** As the nearest proxy says. */
function isOverTls(headers: Headers): boolean {
  const said =
    headers.get("x-forwarded-proto")?.split(",").at(-1) ??
    /(?:^|[;,])\s*proto\s*=\s*"?(\w+)"?[^,]*$/i.exec(headers.get("forwarded") ?? "")?.[1];
  return said?.trim().toLowerCase() === "https";
}

async function withHsts(answer: Response | Promise<Response>): Promise<Response> {
  const response = await answer;
  response.headers.set("strict-transport-security", HSTS);
  return response;
}

function isSocketPath(url: string, path: string): boolean {
  const start = url.indexOf("/", url.indexOf("//") + 2);
  return url.startsWith(path, start) || url.startsWith(path.slice(0, -1) + "?", start);
}
