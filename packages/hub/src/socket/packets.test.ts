/** Our reading of Socket.IO packets against the library's own, and the cut that spares large messages a second writing. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Decoder, Encoder, PacketType } from "socket.io-parser";
import { decodePacket, encodeAck, encodeConnect, encodeConnectError, encodeDisconnect, encodeEvent } from "./packets.ts";

const written = (packet: object): string => `4${String(new Encoder().encode(packet as never)[0])}`;

function readByLibrary(text: string): unknown {
  let read: unknown;
  const decoder = new Decoder();
  decoder.on("decoded", (packet: unknown) => (read = packet));
  decoder.add(text.slice(1));
  return read;
}

const namespace = fc.constantFrom("/", "/cli", "/terminal");
const id = fc.option(fc.nat(), { nil: undefined });
const json = fc.jsonValue();
const name = fc.constantFrom("message", "session-alive", "ping", "rpc-request");

test("events and answers of the library are read as it means them", () => {
  fc.assert(
    fc.property(namespace, id, name, json, (nsp, ackId, event, payload) => {
      const text = written({ type: PacketType.EVENT, nsp, id: ackId, data: [event, payload] });
      expect(decodePacket(text)).toMatchObject({ type: "event", namespace: nsp, id: ackId ?? null, name: event });
      const read = decodePacket(text);
      expect(read?.type === "event" && read.payload).toEqual(JSON.parse(JSON.stringify(payload)));
      const ack = written({ type: PacketType.ACK, nsp, id: ackId ?? 7, data: [payload] });
      expect(decodePacket(ack)).toEqual({ type: "ack", namespace: nsp, id: ackId ?? 7, answer: JSON.parse(JSON.stringify(payload)) });
    }),
  );
});

test("what we write is read by the library", () => {
  fc.assert(
    fc.property(namespace, id, name, json, (nsp, ackId, event, payload) => {
      expect(readByLibrary(encodeEvent(nsp, ackId ?? null, event, payload))).toMatchObject({ type: PacketType.EVENT, nsp });
      expect((readByLibrary(encodeEvent(nsp, null, event, payload)) as { data: unknown[] }).data).toEqual([
        event,
        JSON.parse(JSON.stringify(payload)),
      ]);
      expect(readByLibrary(encodeAck(nsp, 3, payload))).toMatchObject({ type: PacketType.ACK, nsp, id: 3 });
    }),
  );
  expect(readByLibrary(encodeConnect("/cli", "x"))).toMatchObject({ type: PacketType.CONNECT, nsp: "/cli", data: { sid: "x" } });
  expect(readByLibrary(encodeConnectError("/cli", "no"))).toMatchObject({ type: PacketType.CONNECT_ERROR, data: { message: "no" } });
  expect(readByLibrary(encodeDisconnect("/cli"))).toMatchObject({ type: PacketType.DISCONNECT, nsp: "/cli" });
  expect(decodePacket(written({ type: PacketType.CONNECT, nsp: "/cli", data: { token: "t" } }))).toEqual({
    type: "connect",
    namespace: "/cli",
    auth: { token: "t" },
  });
  expect(decodePacket(written({ type: PacketType.DISCONNECT, nsp: "/cli" }))).toEqual({ type: "disconnect", namespace: "/cli" });
});

describe("a message's own text", () => {
  const frame = fc.record({ sid: fc.string(), key: fc.string(), createdAt: fc.nat(), nested: json });

  test("is cut out only where it means the same as parsing the whole", () => {
    fc.assert(
      fc.property(frame, json, fc.boolean(), (head, message, last) => {
        const payload = last ? { ...head, message } : { message, ...head };
        const read = decodePacket(encodeEvent("/cli", null, "message", payload));
        expect(read?.type === "event" && read.payload).toEqual(JSON.parse(JSON.stringify(payload)));
        if (read?.type === "event" && read.text !== undefined) expect(JSON.parse(read.text)).toEqual(JSON.parse(JSON.stringify(message)));
      }),
    );
  });

  const read = (json: string) => {
    const packet = decodePacket(`42/cli,["message",${json}]`);
    return packet?.type === "event" ? { payload: packet.payload, text: packet.text } : packet;
  };

  test("the key of an inner object, or the word inside a string, is not taken for it", () => {
    expect(read('{"sid":{"message":{"a":1}},"message":{"b":2}}')).toEqual({
      payload: { sid: { message: { a: 1 } }, message: { b: 2 } },
      text: undefined,
    });
    expect(read('{"sid":"\\"message\\":","message":{"b":2}}')).toEqual({
      payload: { sid: '"message":', message: { b: 2 } },
      text: '{"b":2}',
    });
    expect(read('{"message":{"b":2},"message":{"c":3}}')).toEqual({ payload: { message: { c: 3 } }, text: undefined });
  });

  test("a line break between its tokens would break an event stream: it is written anew", () => {
    expect(read('{"sid":"x","message":{\n"b":2}}')).toEqual({ payload: { sid: "x", message: { b: 2 } }, text: undefined });
  });

  test("what is no JSON is no packet", () => {
    for (const broken of ['{"sid":"x","message":{]', '{"sid":"x","message":{}', '{"message":}', "{", ""]) expect(read(broken)).toBeNull();
  });
});

test("rubbish is null, never an exception", () => {
  fc.assert(fc.property(fc.string(), (text) => void decodePacket(`4${text}`)));
  for (const text of ["4", "42", "42[", "43[1]", "42/cli", "42/cli,12", '42/cli,["a"', "45", "449", "42{}", "42[1]"])
    expect(decodePacket(text)).toBeNull();
});
