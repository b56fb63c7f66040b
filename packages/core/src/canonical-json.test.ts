import { expect, test } from "bun:test";
import fc from "fast-check";
import { canonicalJson } from "./canonical-json.ts";

test("the order of keys is of no account, everything else is", () => {
  expect(canonicalJson({ b: [1, { d: null, c: "x" }], a: true })).toBe('{"a":true,"b":[1,{"c":"x","d":null}]}');
  expect(canonicalJson({ a: undefined, b: [undefined] })).toBe('{"b":[null]}');
  expect(canonicalJson(JSON.parse('{"__proto__":1,"a":2}'))).toBe('{"__proto__":1,"a":2}');
  expect(canonicalJson({ command: "ls" })).not.toBe(canonicalJson({ command: "ls " }));
});

test("equal values have one text, and it reads back as the value", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const over = JSON.parse(JSON.stringify(value)) as unknown;
      expect(canonicalJson(over)).toBe(canonicalJson(value));
      expect(JSON.parse(canonicalJson(value))).toEqual(over);
    }),
  );
});
