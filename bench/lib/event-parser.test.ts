import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { EventParser } from "./event-parser.ts";

function parse(pieces: readonly string[]): [string, string | undefined][] {
  const events: [string, string | undefined][] = [];
  const parser = new EventParser((data, id) => events.push([data, id]));
  for (const piece of pieces) parser.feed(piece);
  return events;
}

const stream = ': a comment\n\nid: e:7:x\ndata: {"a":1}\n\nevent: x\ndata:first\ndata: second\n\nid: 8\n\ndata: last\n\n';
const expected: [string, string | undefined][] = [
  ['{"a":1}', "e:7:x"],
  ["first\nsecond", undefined],
  ["last", undefined],
];

test("events with and without ids, of several lines; what has no data is none", () => {
  expect(parse([stream])).toEqual(expected);
});

test("wherever the pieces are cut", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: stream.length })), (cuts) => {
      const places = [0, ...cuts.toSorted((a, b) => a - b), stream.length];
      expect(parse(places.slice(1).map((end, index) => stream.slice(places[index], end)))).toEqual(expected);
    }),
  );
});

test("an event that is not finished is not told", () => {
  expect(parse(["data: a\n\ndata: b\n"])).toEqual([["a", undefined]]);
});
