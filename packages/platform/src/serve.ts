/** `Bun.serve` with the defaults that matter here: no source code in error answers, and a taken port said in one sentence. */
import { AppError } from "@hapi/protocol/errors";

export type ServeOptions<Data> = Bun.Serve.Options<Data>;
export type HttpServer<Data = unknown> = Bun.Server<Data>;

/** Port 0 picks a free one: read it from `server.port`. Pass `error` for answers of your own when a handler throws. */
export function serveHttp<Data = undefined>(options: ServeOptions<Data>): Bun.Server<Data> {
  try {
    // Outside development Bun shares a port with whoever has it (SO_REUSEPORT): two hubs would each get half of the requests.
    return Bun.serve<Data>({ error: internalError, reusePort: false, ...options, development: false } as ServeOptions<Data>);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    const where = "port" in options && options.port !== undefined ? ` ${options.port}` : "";
    if (code === "EADDRINUSE")
      throw new AppError("port_taken", `Port${where} is already in use. Stop the other program, or choose another port with --port or HAPI_LISTEN_PORT.`, {
        cause,
      });
    if (code === "EACCES") throw new AppError("port_taken", `Port${where} may not be used by this user. Choose one above 1023.`, { cause });
    throw cause;
  }
}

function internalError(): Response {
  return Response.json(new AppError("internal").toBody(), { status: 500 });
}
