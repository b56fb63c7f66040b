/**
 * Cuts what a client sends into whole units: HTTP/1.1 requests, and after an upgrade WebSocket frames. TCP never repeats or swaps bytes, so
 * those are the smallest things that can arrive twice or in another order: a caller that heard no answer sends its request again, and a
 * connection that was given up may still deliver what a newer one has sent meanwhile.
 */

export interface Unit {
  /** `frame`: a whole data frame. `bytes`: anything that must be passed on as it is. */
  kind: "request" | "frame" | "bytes";
  bytes: Uint8Array;
  /** The request line, or the text of the frame. */
  text: string;
}

/** A request longer than this is passed on in pieces, untouched. */
const MAX_UNIT_BYTES = 4 << 20;
const HEAD_END = "\r\n\r\n";

export interface UnitSplitter {
  push(bytes: Uint8Array): Unit[];
  /** What is left when the client has ended. */
  rest(): Uint8Array;
}

export function createUnitSplitter(): UnitSplitter {
  let waiting: Buffer = Buffer.alloc(0);
  let mode: "http" | "frames" | "raw" = "http";

  function request(): Unit | null {
    const end = waiting.indexOf(HEAD_END);
    if (end < 0) return waiting.length > MAX_UNIT_BYTES ? raw() : null;
    const head = waiting.toString("latin1", 0, end);
    const [line = "", ...headers] = head.split("\r\n");
    const value = (name: string): string | undefined =>
      headers
        .find((header) => header.toLowerCase().startsWith(`${name}:`))
        ?.slice(name.length + 1)
        .trim();
    // A body of unknown length, or a long one: its end is nothing we wait for.
    const length = Number(value("content-length") ?? 0);
    if (value("transfer-encoding") !== undefined || !(length <= MAX_UNIT_BYTES)) return raw();
    const size = end + HEAD_END.length + length;
    if (waiting.length < size) return null;
    const bytes = take(size);
    if (value("upgrade")?.toLowerCase() !== "websocket") return { kind: "request", bytes, text: line };
    mode = "frames";
    return { kind: "request", bytes: withoutExtensions(line, headers), text: line };
  }

  function frame(): Unit | null {
    const [first, second] = waiting;
    if (first === undefined || second === undefined) return null;
    const short = second & 0x7f;
    const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
    const maskAt = 2 + lengthBytes;
    const bodyAt = maskAt + ((second & 0x80) === 0 ? 0 : 4);
    if (waiting.length < bodyAt) return null;
    const length = lengthBytes === 0 ? short : lengthBytes === 2 ? waiting.readUInt16BE(2) : Number(waiting.readBigUInt64BE(2));
    if (waiting.length < bodyAt + length) return null;
    const bytes = take(bodyAt + length);
    // Pieces of a message and control frames belong to the connection.
    const isWhole = first === 0x81 || first === 0x82;
    if (!isWhole) return { kind: "bytes", bytes, text: "" };
    const mask = bytes.subarray(maskAt, bodyAt);
    const body = bytes.subarray(bodyAt).map((byte, index) => (mask.length === 4 ? byte ^ mask[index % 4]! : byte));
    return { kind: "frame", bytes, text: Buffer.from(body).toString("utf8") };
  }

  function raw(): Unit {
    mode = "raw";
    return { kind: "bytes", bytes: take(waiting.length), text: "" };
  }

  function take(size: number): Buffer {
    const bytes = waiting.subarray(0, size);
    waiting = waiting.subarray(size);
    return bytes;
  }

  function next(): Unit | null {
    if (waiting.length === 0) return null;
    return mode === "http" ? request() : mode === "frames" ? frame() : raw();
  }

  return {
    push(bytes) {
      waiting = waiting.length === 0 ? Buffer.from(bytes) : Buffer.concat([waiting, bytes]);
      const units: Unit[] = [];
      for (let unit = next(); unit; unit = next()) units.push(unit);
      return units;
    },
    rest: () => take(waiting.length),
  };
}

/** Compressed frames depend on those before them; without compression each one stands for itself. */
function withoutExtensions(line: string, headers: readonly string[]): Buffer {
  const kept = headers.filter((header) => !header.toLowerCase().startsWith("sec-websocket-extensions:"));
  return Buffer.from([line, ...kept].join("\r\n") + HEAD_END, "latin1");
}
