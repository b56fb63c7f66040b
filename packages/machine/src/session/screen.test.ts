import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { createKeyReader, createRegainCounter, REGAIN_WINDOW_MS } from "./regain-keys.ts";
import { bannerLines, drawFrame } from "./screen-frame.ts";
import { createScreenModel } from "./screen-model.ts";
import { cleanText, fit, textWidth } from "@hapi/platform";
import { wrapText } from "./screen-text.ts";

test("the banner says exactly what it must, in its frame", () => {
  expect(bannerLines(80)).toEqual([
    "┌─────────────────────────────────────────────┐",
    "│ Remote mode - waiting for input             │",
    "│ Press space twice to regain control         │",
    "└─────────────────────────────────────────────┘",
  ]);
  expect(bannerLines(80, { waitsFor: "answer" })[1]).toBe("│ Remote mode - waiting for an answer         │");
  expect(bannerLines(80, { waitsFor: "nothing" })[1]).toBe("│ Remote mode - working                       │");
  expect(bannerLines(12).join(" ")).toBe("Remote mode - waiting for input Press space twice to regain control");
});

const anyText = fc.string({
  unit: fc.oneof(
    fc.constantFrom("a", "word ", " ", "\n", "漢", "👍🏽", "é", "\x1b[31m", "\x07", "\t"),
    fc.string({ unit: "binary", maxLength: 3 }),
  ),
  maxLength: 60,
});

test("a picture fits any size and lets nothing of the agent's words steer the terminal", () => {
  const lines = fc.array(fc.record({ id: fc.uuid(), role: fc.constantFrom("person", "agent", "tool", "note"), text: anyText }), {
    maxLength: 8,
  });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 120 }), fc.integer({ min: 1, max: 40 }), lines, anyText, (cols, rows, body, status) => {
      const picture = drawFrame({
        canRegain: true,
        waitsFor: "nothing",
        cols,
        rows,
        lines: body as never,
        status,
        busy: true,
        alert: null,
      });
      const inner = picture.slice("\x1b[?2026h\x1b[H".length, -"\x1b[0m\x1b[J\x1b[?2026l".length);
      const shown = inner.split("\r\n").map((line) => line.replace(/\x1b\[(?:0|1|2|22)m|\x1b\[K/g, ""));
      expect(shown.length).toBeLessThanOrEqual(rows);
      for (const line of shown) {
        expect(line).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
        // One wide character can't be made narrower than itself.
        expect(textWidth(line)).toBeLessThanOrEqual(Math.max(cols, 2));
      }
    }),
  );
});

test("text: wide characters, wrapping at spaces, ellipsis, stripped sequences", () => {
  expect(textWidth("漢字a")).toBe(5);
  expect(wrapText("one two three", 8)).toEqual(["one two", "three"]);
  expect(wrapText("abcdefgh", 3)).toEqual(["abc", "def", "gh"]);
  expect(fit("abcdef", 4)).toBe("abc…");
  expect(cleanText("\x1b]0;title\x07a\x1b[2Jb\x1b[31mc\u202ed\r\ne")).toBe("abcd\ne");
});

const keysOf = (...chunks: string[]): string[] => {
  const read = createKeyReader();
  return chunks.flatMap((chunk) => read(Buffer.from(chunk, "latin1")));
};

test("keys: plain, kitty with locks, releases and repeats, torn sequences, terminal reports", () => {
  expect(keysOf("  ")).toEqual(["space", "space"]);
  expect(keysOf("\x1b[32u\x1b[32;1u\x1b[32;129:1u\x1b[32;65u")).toEqual(["space", "space", "space", "space"]);
  expect(keysOf("\x1b[32;1:3u\x1b[32;1:2u")).toEqual([]);
  expect(keysOf("\x1b[32;5u")).toEqual(["other"]);
  expect(keysOf("\x03", "\x1b[99;5u")).toEqual(["interrupt", "interrupt"]);
  expect(keysOf("\x1b[3", "2u")).toEqual(["space"]);
  expect(keysOf("\x1b[I\x1b[O\x1b[<0;3;4M\x1b[12;40R\x1b[?62;4c")).toEqual([]);
  expect(keysOf("\x1b[A", "x")).toEqual(["other", "other"]);
});

test("two spaces within the window regain; another key or time in between does not; Ctrl-C twice exits", () => {
  let now = 0;
  const press = createRegainCounter(() => now);
  expect([press("space"), press("space")]).toEqual(["armed-regain", "regain"]);
  expect([press("space"), press("other"), press("space")]).toEqual(["armed-regain", null, "armed-regain"]);
  now += REGAIN_WINDOW_MS + 1;
  expect(press("space")).toBe("armed-regain");
  expect(press("interrupt")).toBe("armed-exit");
  expect(press("interrupt")).toBe("exit");
});

test("the model keeps what a person wants to see, bounded", () => {
  const model = createScreenModel();
  model.record({ type: "user-message", id: "u", text: "hi", origin: "remote" });
  model.stream({ itemId: "m", kind: "text", offset: 0, delta: "Hel" }, false);
  model.stream({ itemId: "m", kind: "text", offset: 3, delta: "lo" }, false);
  expect(model.lines.map((line) => line.text)).toEqual(["hi", "Hello"]);
  model.record({ type: "agent-message", id: "m", text: "Hello!" });
  model.record({ type: "tool-call", id: "t", tool: "Bash", kind: "execute", title: "ls", input: {} });
  expect(model.tool).toBe("ls");
  model.requested({ id: "r", kind: "permission", tool: "Bash", input: {}, title: "Run ls" });
  expect(model.request).toEqual({ text: "Run ls", answered: null });
  model.requestAnswered("r", false);
  expect(model.request).toEqual({ text: "Run ls", answered: "deny" });
  model.requested({ id: "s", kind: "permission", tool: "Bash", input: {}, title: "Run pwd" });
  // What still waits for a person comes first.
  expect(model.request).toEqual({ text: "Run pwd", answered: null });
  model.requestClosed("s");
  model.requestClosed("r");
  model.record({ type: "tool-result", id: "tr", callId: "t", status: "completed", output: "" });
  expect([model.tool, model.request]).toEqual([null, null]);
  for (let at = 0; at < 500; at++) model.note(`n${at}`);
  expect(model.lines).toHaveLength(200);
});

test("a prompt stands before the answer to it, once, also when the agent's record of it comes after its first words", () => {
  const model = createScreenModel();
  model.prompted("p1", "how many?");
  model.stream({ itemId: "m1", kind: "text", offset: 0, delta: "thr" }, false);
  model.record({ type: "user-message", id: "u1", localId: "p1", text: "how many?", origin: "remote" });
  model.stream({ itemId: "m1", kind: "text", offset: 3, delta: "ee" }, true);
  model.record({ type: "user-message", id: "u2", text: "typed", origin: "terminal" });
  expect(model.lines.map((line) => line.text)).toEqual(["how many?", "three", "typed"]);
});

test("what commands of the agent's own say is on the screen, and what nobody has a word for leaves a sign", () => {
  const model = createScreenModel();
  model.record({ type: "notice", id: "n", level: "info", command: "/context", text: "Context usage\n10 %" });
  model.record({ type: "unknown", id: "u", raw: { type: "brand-new" } });
  expect(model.lines.map((line) => `${line.role}: ${line.text}`)).toEqual([
    "note: Context usage\n10 %",
    "note: Something this version can't show; the web app has it as it is",
  ]);
});
