/**
 * Frames between the session host and its peers. Header: version (1 byte), type (1), zero (2), payload length (4, big endian). A reader
 * takes bytes split anywhere; a foreign version, an unknown length or garbage throws `FrameError`, and the connection must be closed.
 * Unknown types are handed on: an old host answers a new peer's question with an error instead of dying of it.
 */

export const frameVersion = 1;
export const frameHeaderBytes = 8;
/** Larger things are cut into several frames by their sender. */
export const maxPayloadBytes = 1 << 20;

export const frameType = {
  /** peer → host, JSON: who I am. The first frame of a connection. */
  hello: 1,
  /** host → peer, JSON */
  welcome: 2,
  /** host → peer, JSON: the handshake failed; the connection closes. */
  refused: 3,
  /** peer → host, JSON: `{id, op, …}` */
  request: 4,
  /** host → peer, JSON: `{id, ok, …}` */
  reply: 5,
  /** host → peer, JSON: `{event, …}` */
  event: 6,
  /** host → controller: bytes of a stream, see `DataFrame` */
  data: 7,
  /** controller → host: bytes for a process, see `InputFrame` */
  input: 8,
  /** viewer → host: raw keys */
  keys: 9,
  /** host → viewer: raw bytes for the screen */
  screen: 10,
  /** host → controller: keys of a viewer, see `ViewerKeysFrame` */
  viewerKeys: 11,
} as const;

export interface Frame {
  type: number;
  /** Valid only until the reader gets more bytes. */
  payload: Uint8Array;
}

export class FrameError extends Error {
  override readonly name = "FrameError";
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** One buffer with header, fixed head and body, so that a frame is one write. */
export function encodeFrame(type: number, body: Uint8Array, head?: Uint8Array): Uint8Array {
  const headLength = head?.length ?? 0;
  const length = headLength + body.length;
  if (length > maxPayloadBytes) throw new FrameError(`a frame of ${length} bytes is too long`);
  const frame = new Uint8Array(frameHeaderBytes + length);
  frame[0] = frameVersion;
  frame[1] = type;
  new DataView(frame.buffer).setUint32(4, length);
  if (head) frame.set(head, frameHeaderBytes);
  frame.set(body, frameHeaderBytes + headLength);
  return frame;
}

export function encodeJson(type: number, value: unknown): Uint8Array {
  return encodeFrame(type, encoder.encode(JSON.stringify(value)));
}

/** Throws `FrameError` for anything that is not a JSON object. */
export function decodeJson(payload: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(payload));
  } catch (cause) {
    throw new FrameError("a frame holds no JSON", { cause });
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new FrameError("a frame holds no JSON object");
}

/** Puts frames together again. Holds at most one frame. */
export class FrameReader {
  #pending: Uint8Array = new Uint8Array(0);

  /** Calls `take` for each whole frame. */
  push(bytes: Uint8Array, take: (frame: Frame) => void): void {
    const joined = this.#pending.length === 0 ? bytes : concat(this.#pending, bytes);
    let at = 0;
    while (joined.length - at >= frameHeaderBytes) {
      const length = payloadLength(joined, at);
      const end = at + frameHeaderBytes + length;
      if (joined.length < end) break;
      take({ type: joined[at + 1] as number, payload: joined.subarray(at + frameHeaderBytes, end) });
      at = end;
    }
    this.#pending = joined.slice(at);
  }
}

function payloadLength(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== frameVersion) throw new FrameError(`frame version ${bytes[at]} is not ${frameVersion}`);
  const length = new DataView(bytes.buffer, bytes.byteOffset + at + 4, 4).getUint32(0);
  if (length > maxPayloadBytes) throw new FrameError(`a frame of ${length} bytes is too long`);
  return length;
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}

/** Bytes of a subscription: `read` is the subscription's number, `offset` the absolute offset of the first byte. */
export interface DataFrame {
  read: number;
  offset: number;
  bytes: Uint8Array;
}

export function encodeData(frame: DataFrame): Uint8Array {
  return encodeFrame(frameType.data, frame.bytes, numbers(frame.read, frame.offset));
}

export function decodeData(payload: Uint8Array): DataFrame {
  const [read, offset] = readNumbers(payload, 2) as [number, number];
  return { read, offset, bytes: payload.subarray(16) };
}

/** Input of a process, in one or more parts; `id` is the request's number, `inputId` -1 means none. */
export interface InputFrame {
  id: number;
  process: number;
  inputId: number;
  more: boolean;
  bytes: Uint8Array;
}

export function encodeInput(frame: InputFrame): Uint8Array {
  return encodeFrame(frameType.input, frame.bytes, numbers(frame.id, frame.process, frame.inputId, frame.more ? 1 : 0));
}

export function decodeInput(payload: Uint8Array): InputFrame {
  const [id, process, inputId, more] = readNumbers(payload, 4) as [number, number, number, number];
  return { id, process, inputId, more: more === 1, bytes: payload.subarray(32) };
}

export interface ViewerKeysFrame {
  viewer: number;
  bytes: Uint8Array;
}

export function encodeViewerKeys(frame: ViewerKeysFrame): Uint8Array {
  return encodeFrame(frameType.viewerKeys, frame.bytes, numbers(frame.viewer));
}

export function decodeViewerKeys(payload: Uint8Array): ViewerKeysFrame {
  const [viewer] = readNumbers(payload, 1) as [number];
  return { viewer, bytes: payload.subarray(8) };
}

/** Numbers travel as float64: offsets are exact up to 2^53. */
function numbers(...values: number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 8));
  values.forEach((value, index) => view.setFloat64(index * 8, value));
  return new Uint8Array(view.buffer);
}

function readNumbers(payload: Uint8Array, count: number): number[] {
  if (payload.length < count * 8) throw new FrameError("a frame is too short for its type");
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  const values = Array.from({ length: count }, (_, index) => view.getFloat64(index * 8));
  if (values.every((value) => Number.isSafeInteger(value))) return values;
  throw new FrameError("a frame holds a number that is none");
}
