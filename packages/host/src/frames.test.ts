import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  decodeData,
  decodeInput,
  decodeJson,
  decodeViewerKeys,
  encodeData,
  encodeFrame,
  encodeInput,
  encodeJson,
  encodeViewerKeys,
  FrameError,
  FrameReader,
  frameType,
  maxPayloadBytes,
  type Frame,
} from "./frames.ts";

const frames = fc.array(fc.record({ type: fc.integer({ min: 1, max: 255 }), payload: fc.uint8Array({ maxLength: 300 }) }), {
  maxLength: 20,
});

function readAll(pieces: readonly Uint8Array[]): Frame[] {
  const reader = new FrameReader();
  const read: Frame[] = [];
  for (const piece of pieces) reader.push(piece, (frame) => read.push({ type: frame.type, payload: frame.payload.slice() }));
  return read;
}

function cut(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const points = [0, ...cuts.map((cut) => Math.floor(cut * bytes.length)).sort((a, b) => a - b), bytes.length];
  return points.slice(1).map((to, index) => bytes.slice(points[index], to));
}

test("frames come out as they went in, wherever the bytes are split", () => {
  fc.assert(
    fc.property(frames, fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 }), (sent, cuts) => {
      const bytes = Buffer.concat(sent.map(({ type, payload }) => encodeFrame(type, payload)));
      expect(readAll(cut(bytes, cuts))).toEqual(sent);
    }),
  );
});

test("garbage is refused or waited on, never handed out beyond the limit", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), (garbage) => {
      const reader = new FrameReader();
      try {
        reader.push(garbage, (frame) => expect(frame.payload.length).toBeLessThanOrEqual(maxPayloadBytes));
      } catch (cause) {
        expect(cause).toBeInstanceOf(FrameError);
      }
    }),
  );
});

test("a foreign version and a length out of bounds are errors at the header", () => {
  const foreign = encodeFrame(1, new Uint8Array(1));
  foreign[0] = 9;
  expect(() => readAll([foreign])).toThrow(FrameError);
  const huge = encodeFrame(1, new Uint8Array(1));
  huge[4] = 0xff;
  expect(() => readAll([huge.subarray(0, 8)])).toThrow(FrameError);
  expect(() => encodeFrame(1, new Uint8Array(maxPayloadBytes + 1))).toThrow(FrameError);
});

test("typed payloads round-trip with large offsets", () => {
  const safe = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
  fc.assert(
    fc.property(safe, safe, fc.boolean(), fc.uint8Array({ maxLength: 50 }), (a, b, more, bytes) => {
      const payload = (frame: Uint8Array) => readAll([frame])[0]?.payload ?? new Uint8Array(0);
      expect(decodeData(payload(encodeData({ read: a, offset: b, bytes })))).toEqual({ read: a, offset: b, bytes });
      const input = { id: a, process: 3, inputId: -1, more, bytes };
      expect(decodeInput(payload(encodeInput(input)))).toEqual(input);
      expect(decodeViewerKeys(payload(encodeViewerKeys({ viewer: 7, bytes })))).toEqual({ viewer: 7, bytes });
    }),
  );
});

test("short payloads and JSON that is no object are errors", () => {
  expect(() => decodeData(new Uint8Array(15))).toThrow(FrameError);
  for (const text of ["", "[1]", "null", "{"]) expect(() => decodeJson(new TextEncoder().encode(text))).toThrow(FrameError);
  const [frame] = readAll([encodeJson(frameType.request, { a: "ä" })]);
  expect(decodeJson(frame?.payload ?? new Uint8Array(0))).toEqual({ a: "ä" });
});
