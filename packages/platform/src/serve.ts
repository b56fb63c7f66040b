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
    throw listenFailure(cause, "port" in options ? { hostname: options.hostname, port: options.port } : {}) ?? cause;
  }
}

/** Why an address can't be listened on, with what to do about it; undefined when it is something else. */
export function listenFailure(
  cause: unknown,
  { hostname = "", port }: { hostname?: string; port?: number | string },
): AppError | undefined {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  const atPort = port === undefined ? "" : ` ${port}`;
  const elsewhere = "Use --host 127.0.0.1, or an address of this machine.";
  switch (code) {
    case "EADDRINUSE":
      return new AppError(
        "port_taken",
        `Port${atPort} is already in use. Stop the other program, or choose another port with --port or HAPI_LISTEN_PORT.`,
        { cause },
      );
    case "EACCES":
      if (Number(port) > 1023)
        return new AppError("port_taken", `This user may not listen on ${hostname} port${atPort}. Choose another with --host or --port.`, {
          cause,
        });
      return new AppError("port_taken", `Port${atPort} may not be used by this user. Choose one above 1023.`, { cause });
    case "EADDRNOTAVAIL":
    case "EINVAL":
      return new AppError("invalid_query", `${hostname} does not belong to this machine, so nothing can listen there. ${elsewhere}`, {
        cause,
      });
    case "ENOTFOUND":
      return new AppError("invalid_query", `There is no host ${hostname} to listen on. ${elsewhere}`, { cause });
    case "EAI_AGAIN":
      return new AppError("invalid_query", `The host ${hostname} could not be looked up. Try again later. ${elsewhere}`, { cause });
    default:
      return undefined;
  }
}

function internalError(): Response {
  return Response.json(new AppError("internal").toBody(), { status: 500 });
}
