import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createLineReader, encodeRpc, parseRpc, type RpcLine } from "./jsonrpc.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

function readAll(bytes: Uint8Array, cuts: number[], from = 0, max?: number): RpcLine[] {
  const reader = createLineReader(from, max);
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).flatMap((end, index) => reader.push({ offset: at[index] ?? 0, bytes: bytes.subarray(at[index], end) }));
}

describe("line reader", () => {
  test("gives the same lines with the same offsets however the bytes are cut", () => {
    const lines = fc.array(
      fc.oneof(
        fc.string().map((s) => encodeRpc.result(1, s)),
        fc.constant("\n"),
        fc.string().map((s) => `${s.replaceAll("\n", "")}\n`),
      ),
    );
    fc.assert(
      fc.property(lines, fc.array(fc.nat()), (texts, cuts) => {
        const bytes = bytesOf(texts.join(""));
        expect(readAll(bytes, cuts)).toEqual(readAll(bytes, []));
      }),
    );
  });

  test("reading again from the start of any line gives the rest", () => {
    const bytes = bytesOf([1, 2, 3, 4].map((n) => encodeRpc.notification("m", { n, text: "äöü" })).join(""));
    const lines = readAll(bytes, [7, 30, 31]);
    for (const [index, line] of lines.entries()) {
      const reader = createLineReader(line.start);
      expect(reader.push({ offset: line.start, bytes: bytes.subarray(line.start) })).toEqual(lines.slice(index));
      expect(reader.position).toBe(bytes.length);
    }
  });

  test("a repeated chunk is not read twice", () => {
    const bytes = bytesOf(encodeRpc.result(1, {}) + encodeRpc.result(2, {}));
    const reader = createLineReader(0);
    const first = reader.push({ offset: 0, bytes: bytes.subarray(0, 50) });
    expect([...first, ...reader.push({ offset: 0, bytes })].map((line) => line.message)).toEqual([
      { type: "result", id: 1, result: {} },
      { type: "result", id: 2, result: {} },
    ]);
  });

  test("a line that is too long is reported once and skipped, the next one is read", () => {
    const bytes = bytesOf(`"${"x".repeat(100)}"\n${encodeRpc.result(1, true)}`);
    const whole = readAll(bytes, [], 0, 64);
    const cut = readAll(bytes, [20, 40, 60, 80, 90], 0, 64);
    for (const lines of [whole, cut]) expect(lines.map((line) => line.message.type)).toEqual(["bad", "result"]);
  });

  test("what is not JSON-RPC is reported, not thrown", () => {
    expect(parseRpc("not json")).toMatchObject({ type: "bad", reason: "not_json" });
    expect(parseRpc("[]")).toMatchObject({ type: "bad", reason: "not_rpc" });
    expect(parseRpc('{"id":null,"result":1}')).toMatchObject({ type: "bad", reason: "not_rpc" });
    expect(parseRpc("  ")).toBeNull();
    expect(parseRpc('{"id":3,"error":{}}')).toEqual({
      type: "error",
      id: 3,
      error: { code: -32603, message: "unknown error", data: undefined },
    });
  });
});
