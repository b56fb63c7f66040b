import { expect, test } from "bun:test";
import fc from "fast-check";
import { ModeTracker } from "./modes.ts";

const feed = (text: string, tracker = new ModeTracker()) => {
  tracker.feed(Buffer.from(text));
  return tracker;
};

test("what a program has set is restored and reset, what it took back is not", () => {
  const tracker = feed("\x1b[?1049h\x1b[?25l\x1b[?1000;1006h\x1b[?2004h\x1b[>1u\x1b[?2004l text");
  expect(tracker.restore()).toBe("\x1b[?1049h\x1b[?25l\x1b[?1000h\x1b[?1006h\x1b[>1u");
  expect(tracker.reset()).toBe("\x1b[<1u\x1b[?25h\x1b[?1000l\x1b[?1006l\x1b[?1049l");
  feed("\x1b[?25h\x1b[?1000l\x1b[?1006l\x1b[<u\x1b[?1049l", tracker);
  expect(tracker.restore() + tracker.reset()).toBe("");
});

test("the three alternate screens replace each other and a full reset clears all", () => {
  expect(feed("\x1b[?47h\x1b[?1049h").restore()).toBe("\x1b[?1049h");
  expect(feed("\x1b[?1047h\x1b[?1049l").restore()).toBe("");
  expect(feed("\x1b[?1003h\x1b[>1u\x1b[4 q\x1bc").restore()).toBe("");
});

test("modifyOtherKeys and the cursor's form are kept; text in titles is not taken for a mode", () => {
  expect(feed("\x1b[>4;2m\x1b[5 q").restore()).toBe("\x1b[>4;2m\x1b[5 q");
  expect(feed("\x1b]0;[?1003h\x07\x1bP[?1003h\x1b\\").restore()).toBe("");
});

test("restore brings a second tracker into the same state, wherever the stream was split", () => {
  const sequence = fc.oneof(
    fc
      .tuple(fc.constantFrom(7, 25, 47, 1000, 1003, 1006, 1049, 2004, 2026, 2031), fc.constantFrom("h", "l"))
      .map(([n, c]) => `\x1b[?${n}${c}`),
    fc.constantFrom(
      "\x1b[>1u",
      "\x1b[<u",
      "\x1b[=3u",
      "\x1b[>4;2m",
      "\x1b[>4m",
      "\x1b[2 q",
      "text\r\n",
      "\x1b[31m",
      "\x1b]0;title\x07",
      "\x1bc",
    ),
  );
  fc.assert(
    fc.property(fc.array(sequence, { maxLength: 30 }), fc.double({ min: 0, max: 1, noNaN: true }), (sequences, cut) => {
      const text = sequences.join("");
      const at = Math.floor(text.length * cut);
      const tracker = feed(text.slice(at), feed(text.slice(0, at)));
      expect(tracker.restore()).toBe(feed(text).restore());
      expect(feed(tracker.restore()).restore()).toBe(tracker.restore());
      expect(feed(tracker.restore() + tracker.reset()).restore()).toBe("");
    }),
  );
});
