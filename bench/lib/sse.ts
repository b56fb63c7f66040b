/** A reader of the hub's event stream on a raw socket. */
import { connect, type Socket } from "node:net";
import { constants, createGunzip, gunzipSync } from "node:zlib";
import { BodyReader, type Headers } from "./body-reader.ts";
import { EventParser } from "./event-parser.ts";

export interface SseOptions {
  /** `inline` decodes as it arrives, `defer` keeps the bytes for later so that a hundred readers cost the generator nothing. */
  gzip?: false | "inline" | "defer";
  onEvent?: (data: string, id: string | undefined) => void;
}

const syncFlush = { finishFlush: constants.Z_SYNC_FLUSH };

export class Sse {
  /** Resolves with the first event (or the first bytes, for `defer`), rejects when the stream is refused or breaks before. */
  readonly ready: Promise<void>;
  bytes = 0;
  events = 0;
  isClosed = false;
  lastId: string | undefined;
  readonly #socket: Socket;
  readonly #parser: EventParser;
  readonly #wantsGzip: SseOptions["gzip"];
  #kept: Buffer[] | null = null;
  #gunzip: ReturnType<typeof createGunzip> | null = null;
  #settle: { resolve(): void; reject(cause: Error): void };

  constructor(url: string, path: string, { gzip = false, onEvent = () => undefined }: SseOptions = {}) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.ready = promise;
    this.#settle = { resolve, reject };
    // Who does not wait for `ready` sees `isClosed`.
    promise.catch(() => undefined);
    this.#wantsGzip = gzip;
    this.#parser = new EventParser((data, id) => {
      this.events++;
      if (id !== undefined) this.lastId = id;
      resolve();
      onEvent(data, id);
    });
    this.#socket = this.#open(new URL(url), path);
  }

  /** Reads what `defer` kept. The stream must be quiet. */
  decodeKept(): void {
    if (!this.#kept) return;
    const text = gunzipSync(Buffer.concat(this.#kept), syncFlush);
    this.#kept = [];
    this.#text(text);
  }

  close(): void {
    this.#socket.destroy();
  }

  #open(url: URL, path: string): Socket {
    const socket = connect(Number(url.port) || 80, url.hostname);
    socket.setNoDelay(true);
    const reader = new BodyReader({
      head: (status, headers) => this.#head(status, headers),
      data: (bytes) => this.#data(bytes),
      end: () => void socket.destroy(),
    });
    socket.once("connect", () => {
      const accept = this.#wantsGzip === false ? "" : "accept-encoding: gzip\r\n";
      socket.write(`GET ${path} HTTP/1.1\r\nhost: ${url.host}\r\naccept: text/event-stream\r\n${accept}\r\n`);
    });
    socket.on("data", (bytes: Buffer) => reader.feed(bytes));
    socket.on("error", (cause) => this.#settle.reject(cause));
    socket.on("close", () => {
      this.isClosed = true;
      this.#settle.reject(new Error("the event stream was closed"));
    });
    return socket;
  }

  #head(status: number, headers: Headers): void {
    if (status !== 200) {
      this.#settle.reject(new Error(`the event stream was refused: ${status}`));
      this.#socket.destroy();
      return;
    }
    if (headers["content-encoding"] !== "gzip") return;
    if (this.#wantsGzip === "defer") {
      this.#kept = [];
      return;
    }
    const gunzip = createGunzip(syncFlush);
    gunzip.on("data", (bytes: Buffer) => this.#text(bytes));
    gunzip.on("error", (cause) => this.#settle.reject(cause));
    this.#gunzip = gunzip;
  }

  #data(bytes: Buffer): void {
    this.bytes += bytes.length;
    if (this.#kept) {
      this.#kept.push(Buffer.from(bytes));
      this.#settle.resolve();
    } else if (this.#gunzip) this.#gunzip.write(bytes);
    else this.#text(bytes);
  }

  /** Markers, ids and event types are ASCII, and one byte per character can't be cut in two by a chunk's end. */
  #text(bytes: Buffer): void {
    this.#parser.feed(bytes.toString("latin1", 0, bytes.length));
  }
}
