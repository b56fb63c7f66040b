/**
 * SSE frames as bytes, made once for all readers of a kind. For gzip readers a frame is one deflate block with a full flush: it refers to
 * nothing before it, so the same bytes go into every stream behind that stream's own header.
 */
import { constants, deflateRawSync } from "node:zlib";

const encoder = new TextEncoder();

/** What a gzip stream begins with; it never ends, so it has no trailer. */
export const gzipHeader = new Uint8Array([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);

export class Frames {
  readonly #text: string;
  #plain: Uint8Array | null = null;
  #deflated: Uint8Array | null = null;

  constructor(text: string) {
    this.#text = text;
  }

  bytes(gzip: boolean): Uint8Array {
    this.#plain ??= encoder.encode(this.#text);
    if (!gzip) return this.#plain;
    this.#deflated ??= deflateRawSync(this.#plain, { level: 1, finishFlush: constants.Z_FULL_FLUSH });
    return this.#deflated;
  }
}
