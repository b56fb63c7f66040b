/** A hub of REST answers and event streams for tests, on a free port. Routes are given by the test; streams are written by it. */
import { sleepless } from "./sleepless.ts";

export interface StreamWriter {
  readonly request: Request;
  /** One frame, with an id if given. */
  send(event: object, id?: string): void;
  raw(text: string): void;
  close(): void;
}

type Route = (request: Request, body: unknown) => Response | Promise<Response> | object;

export interface HttpHub extends AsyncDisposable {
  readonly url: string;
  readonly requests: { method: string; path: string; body: unknown; headers: Headers }[];
  /** Streams opened so far, oldest first. */
  readonly streams: StreamWriter[];
  stream(index: number): Promise<StreamWriter>;
}

const encoder = new TextEncoder();

export async function startHttpHub(routes: Record<string, Route> = {}): Promise<HttpHub> {
  const requests: HttpHub["requests"] = [];
  const streams: StreamWriter[] = [];
  const changed = sleepless();

  function openStream(request: Request): Response {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const raw = (text: string): void => void writer.write(encoder.encode(text)).catch(() => undefined);
    streams.push({
      request,
      raw,
      send: (event, id) => raw(`${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(event)}\n\n`),
      close: () => void writer.close().catch(() => undefined),
    });
    changed.tell();
    return new Response(readable, { headers: { "content-type": "text/event-stream" } });
  }

  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    async fetch(request) {
      const { pathname } = new URL(request.url);
      const text = await request.text();
      const body: unknown = text === "" ? undefined : JSON.parse(text);
      requests.push({ method: request.method, path: pathname, body, headers: request.headers });
      changed.tell();
      if (pathname === "/api/events" && !routes["GET /api/events"]) return openStream(request);
      const route = routes[`${request.method} ${pathname}`];
      if (!route) return Response.json({ error: "Not found", code: "not_found" }, { status: 404 });
      const answer = await route(request, body);
      return answer instanceof Response ? answer : Response.json(answer);
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    requests,
    streams,
    async stream(index) {
      await changed.until(() => streams.length > index);
      return streams[index]!;
    },
    async [Symbol.asyncDispose]() {
      for (const stream of streams) stream.close();
      await server.stop(true);
    },
  };
}
