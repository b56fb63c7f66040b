/** One keep-alive connection, one request at a time, and how long each took until its last byte. */
import { connect, type Socket } from "node:net";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { BodyReader, type Headers } from "./body-reader.ts";
import { now } from "./timing.ts";

export interface RequestOptions {
  headers?: Headers;
  /** Text as it is, anything else as JSON. */
  body?: unknown;
}

export interface Answer {
  status: number;
  headers: Headers;
  raw: Buffer;
  /** Bytes of the body as they travelled. */
  wire: number;
  ms: number;
}

export interface JsonAnswer extends Answer {
  // The benchmark reads answers of hubs it does not know: whoever uses a field checks the figure it makes of it.
  // oxlint-disable-next-line typescript/no-explicit-any
  json: any;
}

export class Http {
  readonly #host: string;
  readonly #port: number;
  #queue: Promise<unknown> = Promise.resolve();
  #socket: Socket | null = null;
  #reader: BodyReader | null = null;
  #fail: ((cause: Error) => void) | null = null;

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.#host = hostname;
    this.#port = Number(port) || 80;
  }

  request(method: string, path: string, options: RequestOptions = {}): Promise<Answer> {
    const run = () => this.#run(method, path, options);
    const answer = this.#queue.then(run, run);
    this.#queue = answer.catch(() => undefined);
    return answer;
  }

  async json(method: string, path: string, options?: RequestOptions): Promise<JsonAnswer> {
    const answer = await this.request(method, path, options);
    return { ...answer, json: parseJson(decoded(answer)) };
  }

  close(): void {
    this.#socket?.destroy();
  }

  async #run(method: string, path: string, options: RequestOptions): Promise<Answer> {
    const socket = this.#socket ?? (await this.#connect());
    return await new Promise<Answer>((resolve, reject) => {
      const parts: Buffer[] = [];
      const start = now();
      this.#fail = reject;
      const data = (bytes: Buffer): void => void parts.push(Buffer.from(bytes));
      const end = (): void => {
        this.#fail = null;
        const raw = Buffer.concat(parts);
        resolve({ status: reader.status, headers: reader.headers, raw, wire: raw.length, ms: now() - start });
        if (reader.headers["connection"]?.toLowerCase() !== "close") return;
        this.#socket = null;
        socket.destroy();
      };
      const reader = new BodyReader({ data, end }, { hasNoBody: method === "HEAD" });
      this.#reader = reader;
      socket.write(this.#bytesOf(method, path, options));
    });
  }

  #bytesOf(method: string, path: string, { headers = {}, body }: RequestOptions): Buffer {
    const content = body === undefined ? null : Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
    const lines = [`${method} ${path} HTTP/1.1`, `host: ${this.#host}:${this.#port}`];
    for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
    if (content) lines.push("content-type: application/json", `content-length: ${content.length}`);
    const head = Buffer.from(`${lines.join("\r\n")}\r\n\r\n`);
    return content ? Buffer.concat([head, content]) : head;
  }

  #connect(): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.#port, this.#host);
      socket.setNoDelay(true);
      socket.once("connect", () => resolve((this.#socket = socket)));
      socket.on("error", reject);
      socket.on("data", (bytes: Buffer) => this.#reader?.feed(bytes));
      socket.on("close", () => {
        if (this.#socket === socket) this.#socket = null;
        if (!this.#reader?.closed()) this.#fail?.(new Error("the hub closed the connection"));
        this.#fail = null;
      });
    });
  }
}

/** The body without its content encoding. */
export function decoded({ headers, raw }: Answer): Buffer {
  const encoding = headers["content-encoding"];
  if (encoding === "gzip") return gunzipSync(raw);
  return encoding === "br" ? brotliDecompressSync(raw) : raw;
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return null;
  }
}
