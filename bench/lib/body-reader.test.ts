import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { BodyReader, type Headers } from "./body-reader.ts";

interface Read {
  status: number;
  headers: Headers;
  body: string;
}

/** Everything a reader makes of these pieces. */
function readAll(pieces: readonly Buffer[], options?: { hasNoBody?: boolean }): { whole: Read[]; unfinished: string; reader: BodyReader } {
  const whole: Read[] = [];
  let body = "";
  const reader: BodyReader = new BodyReader(
    {
      data: (bytes) => (body += bytes.toString("latin1")),
      end() {
        whole.push({ status: reader.status, headers: reader.headers, body });
        body = "";
      },
    },
    options,
  );
  for (const piece of pieces) reader.feed(piece);
  return {
    whole,
    reader,
    get unfinished() {
      return body;
    },
  };
}

const chunked = (...chunks: string[]): string =>
  `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${[...chunks, ""].map((one) => `${one.length.toString(16)}\r\n${one}\r\n`).join("")}`;
const fixed = (status: number, body: string): string => `HTTP/1.1 ${status} X\r\nContent-Length: ${body.length}\r\nX-A:  b \r\n\r\n${body}`;

test("answers of each kind, one after the other on one connection, wherever the pieces are cut", () => {
  const text = fixed(201, "hello") + chunked("a\r\nb", "0123456789abcdefg") + "HTTP/1.1 204 No Content\r\n\r\n" + fixed(200, "");
  const bytes = Buffer.from(text, "latin1");
  const expected = readAll([bytes]).whole;
  expect(expected.map(({ status, body }) => [status, body])).toEqual([
    [201, "hello"],
    [200, "a\r\nb0123456789abcdefg"],
    [204, ""],
    [200, ""],
  ]);
  expect(expected[0]?.headers).toEqual({ "content-length": "5", "x-a": "b" });
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: bytes.length - 1 }), { maxLength: 30 }), (cuts) => {
      const places = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
      const pieces = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
      expect(readAll(pieces).whole).toEqual(expected);
    }),
  );
});

test("a body without a length ends with the connection, and only then", () => {
  const read = readAll([Buffer.from("HTTP/1.1 200 OK\r\n\r\nabc"), Buffer.from("def")]);
  expect(read.whole).toEqual([]);
  expect(read.unfinished).toBe("abcdef");
  expect(read.reader.closed()).toBe(true);
  expect(read.whole.map(({ body }) => body)).toEqual(["abcdef"]);
});

test("a connection that breaks in the middle of a body ends nothing", () => {
  const { whole, reader } = readAll([Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")]);
  expect(reader.closed()).toBe(false);
  expect(whole).toEqual([]);
});

test("an answer to HEAD has no body whatever its length says, and what is said before the answer is skipped", () => {
  const head = Buffer.from("HTTP/1.1 103 Early Hints\r\nLink: </a.js>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
  expect(readAll([head], { hasNoBody: true }).whole.map(({ status, body }) => [status, body])).toEqual([[200, ""]]);
});
