import { expect, test } from "bun:test";
import fc from "fast-check";
import { createByteLines } from "./byte-lines.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test("any cutting of the stream gives the same lines with the same offsets", () => {
  const line = fc.string({ unit: "binary", maxLength: 12 }).map((text) => text.replaceAll("\n", ""));
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), fc.array(fc.nat(40), { maxLength: 10 }), fc.nat(1000), (lines, cuts, from) => {
      const all = bytes(lines.map((one) => `${one}\n`).join(""));
      const whole = createByteLines(from).push(from, all);
      const reader = createByteLines(from);
      const found = [];
      const edges = [...new Set(cuts.filter((cut) => cut < all.length))].sort((a, b) => a - b);
      for (let index = 0, at = 0; index <= edges.length; index += 1) {
        const next = edges[index] ?? all.length;
        // Every piece begins a little before its place, as a reader that starts again does.
        const begin = Math.max(0, at - 3);
        found.push(...reader.push(from + begin, all.subarray(begin, next)));
        at = next;
      }
      expect(found).toEqual(whole);
      expect(reader.position).toBe(from + all.length);
    }),
    { numRuns: 50 },
  );
});

test("a hole drops the broken line and nothing else", () => {
  const reader = createByteLines(0);
  expect(reader.push(0, bytes("one\ntw")).map((line) => line.text)).toEqual(["one"]);
  expect(reader.push(20, bytes("ee\nfour\n")).map((line) => line.text)).toEqual(["four"]);
});

test("a line beyond the limit is dropped and reported", () => {
  const long: number[] = [];
  const reader = createByteLines(0, { maxBytes: 4, onTooLong: (size) => long.push(size) });
  const text = "123456789\nok\n";
  const found = [reader.push(0, bytes(text.slice(0, 6))), reader.push(6, bytes(text.slice(6)))].flat();
  expect(found.map((line) => line.text)).toEqual(["ok"]);
  expect(long).toHaveLength(1);
});
