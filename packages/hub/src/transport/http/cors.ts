/** CORS for configured origins; `*` allows all. Requests of the hub's own pages need none of it. */
import type { MiddlewareHandler } from "hono";

const methods = "GET,POST,PUT,PATCH,DELETE,OPTIONS";
const headers = "authorization,content-type,last-event-id";

export function cors(origins: readonly string[]): MiddlewareHandler {
  const allowsAll = origins.includes("*");
  return async (c, next) => {
    const origin = c.req.header("origin");
    const isAllowed = origin !== undefined && (allowsAll || origins.includes(origin));
    if (isAllowed) {
      c.header("access-control-allow-origin", allowsAll ? "*" : origin);
      c.header("vary", "Origin", { append: true });
      c.header("access-control-expose-headers", "x-hapi-protocol-version");
    }
    if (c.req.method !== "OPTIONS") {
      await next();
      return;
    }
    if (isAllowed) {
      c.header("access-control-allow-methods", methods);
      c.header("access-control-allow-headers", headers);
      c.header("access-control-max-age", "600");
    }
    return c.body(null, 204);
  };
}
