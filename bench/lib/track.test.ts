import { expect, test } from "bun:test";
import { bodyOf, keyedMessage, markIn, messagePacket, messageText, prose } from "./messages.ts";
import { isFaulty, storedFaults, type StoredRow, Track } from "./track.ts";

function rows(...indexes: number[]): StoredRow[] {
  return indexes.map((index, place) => ({
    id: `row-${place}`,
    seq: place + 1,
    content: JSON.parse(messageText({ tag: "t", session: 2, index }, bodyOf(1))) as unknown,
  }));
}

test("a whole history has no faults", () => {
  expect(storedFaults(rows(0, 1, 2), "t", 2, 3)).toEqual({ lost: 0, doubled: 0, outOfOrder: 0, badSeq: 0 });
  expect(isFaulty(storedFaults(rows(0, 1, 2), "t", 2, 3))).toBe(false);
});

test.each([
  ["lost in the middle", rows(0, 2), { lost: 1 }],
  ["lost at the end", rows(0, 1), { lost: 1 }],
  ["doubled", rows(0, 1, 1, 2), { doubled: 1 }],
  ["out of order", rows(1, 0, 2), { outOfOrder: 1 }],
  ["a position used twice", rows(0, 1, 2).map((row) => ({ ...row, seq: 1 })), { badSeq: 2 }],
])("%s is found", (_, stored, fault) => {
  const faults = storedFaults(stored, "t", 2, 3);
  expect(faults).toEqual({ lost: 0, doubled: 0, outOfOrder: 0, badSeq: 0, ...fault });
  expect(isFaulty(faults)).toBe(true);
});

test("rows of another session or another test are no evidence", () => {
  expect(storedFaults(rows(0, 1, 2), "t", 1, 3).lost).toBe(3);
  expect(storedFaults(rows(0, 1, 2), "u", 2, 3).lost).toBe(3);
});

test("a track keeps sessions apart", () => {
  const track = new Track(2);
  expect([track.add(0, 0), track.add(1, 1), track.add(1, 0), track.add(1, 0)]).toEqual([true, true, true, false]);
  expect(track.faults([2, 2])).toEqual({ lost: 1, doubled: 1, outOfOrder: 1 });
});

test("packets are valid, carry their mark and have the size they claim", () => {
  const mark = { tag: "t", session: 3, index: 12 };
  const packet = messagePacket("sid", mark, bodyOf(20));
  const [name, frame] = JSON.parse(packet.slice(packet.indexOf("["))) as [string, { sid: string; message: { role: string } }];
  expect([name, frame.sid, frame.message.role]).toEqual(["message", "sid", "agent"]);
  expect(Math.abs(packet.length - 20 * 1024)).toBeLessThan(200);
  expect(markIn(packet, "t")).toEqual({ session: 3, index: 12 });
  expect(markIn(packet, "other")).toBeNull();
  const [, keyed] = JSON.parse(`[${keyedMessage("sid", mark, bodyOf(1))}]`) as [string, { key: string }];
  expect(keyed.key).toBe("t-3-12");
});

test("prose is the same for the same seed, and of the length that was asked for", () => {
  expect(prose(500, 9)).toBe(prose(500, 9));
  expect(prose(500, 9)).not.toBe(prose(500, 10));
  expect(prose(500, 9)).toHaveLength(500);
});
