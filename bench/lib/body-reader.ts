/**
 * Reads HTTP/1.1 responses off a raw socket as the bytes come: fixed length, chunked, or until the connection ends. Written for the
 * benchmark because a general client would cost more per event than the hub that is measured.
 */

export type Headers = Record<string, string>;

export interface BodyListener {
  head?(status: number, headers: Headers): void;
  data(bytes: Buffer): void;
  end(): void;
}

type Mode = "head" | "fixed" | "until-close" | "chunk-size" | "chunk" | "after-chunk" | "trailer";

const empty = Buffer.alloc(0);
const lineEnd = "\r\n";
const headEnd = "\r\n\r\n";

export class BodyReader {
  readonly #listener: BodyListener;
  readonly #hasNoBody: boolean;
  #mode: Mode = "head";
  #buffer: Buffer = empty;
  #at = 0;
  #left = 0;
  status = 0;
  headers: Headers = {};

  /** `hasNoBody`: answers to HEAD, whose length describes a body that is not sent. */
  constructor(listener: BodyListener, { hasNoBody = false } = {}) {
    this.#listener = listener;
    this.#hasNoBody = hasNoBody;
  }

  feed(bytes: Buffer): void {
    this.#buffer = this.#buffer.length === 0 ? bytes : Buffer.concat([this.#buffer, bytes]);
    this.#at = 0;
    while (this.#step()) continue;
    this.#buffer = this.#at < this.#buffer.length ? this.#buffer.subarray(this.#at) : empty;
  }

  /** The connection ended. True when that was the end of a body. */
  closed(): boolean {
    if (this.#mode !== "until-close") return false;
    this.#finish();
    return true;
  }

  /** True when there may be more to read in what is here. */
  #step(): boolean {
    switch (this.#mode) {
      case "head":
        return this.#readHead();
      case "fixed":
        if (!this.#take()) return false;
        this.#finish();
        return this.#hasMore();
      case "until-close":
        this.#emit(this.#buffer.length - this.#at);
        return false;
      case "chunk-size":
        return this.#readChunkSize();
      case "chunk":
        if (!this.#take()) return false;
        this.#mode = "after-chunk";
        return true;
      case "after-chunk":
        if (this.#buffer.length - this.#at < lineEnd.length) return false;
        this.#at += lineEnd.length;
        this.#mode = "chunk-size";
        return this.#hasMore();
      case "trailer":
        return this.#readTrailer();
    }
  }

  #readHead(): boolean {
    const end = this.#buffer.indexOf(headEnd, this.#at);
    if (end < 0) return false;
    const [first = "", ...lines] = this.#buffer.toString("latin1", this.#at, end).split(lineEnd);
    this.#at = end + headEnd.length;
    this.status = Number(first.split(" ")[1]);
    this.headers = {};
    for (const line of lines) {
      const colon = line.indexOf(":");
      this.headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
    }
    if (this.status >= 100 && this.status < 200) return true;
    this.#listener.head?.(this.status, this.headers);
    this.#chooseMode();
    if (this.#mode !== "fixed" || this.#left > 0) return true;
    this.#finish();
    return this.#hasMore();
  }

  #chooseMode(): void {
    const length = this.headers["content-length"];
    if (this.#hasNoBody || this.status === 204 || this.status === 304) this.#fixed(0);
    else if ((this.headers["transfer-encoding"] ?? "").includes("chunked")) this.#mode = "chunk-size";
    else if (length === undefined) this.#mode = "until-close";
    else this.#fixed(Number(length));
  }

  #fixed(length: number): void {
    this.#mode = "fixed";
    this.#left = length;
  }

  #readChunkSize(): boolean {
    const end = this.#buffer.indexOf(lineEnd, this.#at);
    if (end < 0) return false;
    this.#left = Number.parseInt(this.#buffer.toString("latin1", this.#at, end), 16);
    this.#at = end + lineEnd.length;
    this.#mode = this.#left === 0 ? "trailer" : "chunk";
    return true;
  }

  #readTrailer(): boolean {
    const end = this.#buffer.indexOf(lineEnd, this.#at);
    if (end < 0) return false;
    const isLast = end === this.#at;
    this.#at = end + lineEnd.length;
    if (isLast) this.#finish();
    return this.#hasMore();
  }

  /** True when the whole of what was announced is here. */
  #take(): boolean {
    const length = Math.min(this.#left, this.#buffer.length - this.#at);
    this.#left -= length;
    this.#emit(length);
    return this.#left === 0;
  }

  #emit(length: number): void {
    if (length === 0) return;
    const bytes = this.#buffer.subarray(this.#at, this.#at + length);
    this.#at += length;
    this.#listener.data(bytes);
  }

  #finish(): void {
    this.#mode = "head";
    this.#listener.end();
  }

  #hasMore(): boolean {
    return this.#at < this.#buffer.length;
  }
}
