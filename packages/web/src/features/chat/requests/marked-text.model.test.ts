import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { piecesOf } from "./marked-text.model.ts";

const shown = (text: string): string =>
  piecesOf(text)
    .map((piece) => (piece.kind === "text" ? piece.text : piece.kind === "sign" ? `<${piece.code}>` : `<${piece.count} ${piece.kind}>`))
    .join("");

describe("what is asked", () => {
  test.each([
    ["npm test\n\n\tok", "npm test\n\n\tok"],
    [`ls${"\n".repeat(81)}rm -rf ~`, "ls<80 blank-lines>rm -rf ~"],
    [`ls\n \t\n  \n\n \nrm`, "ls<4 blank-lines>rm"],
    [`ls${" ".repeat(500)}; rm`, "ls<500 spaces>; rm"],
    ["a\u202eb\u2066c", "a<U+202E>b<U+2066>c"],
    ["pa\u200bypal \ufeff\u00ad", "pa<U+200B>ypal <U+FEFF><U+00AD>"],
    ["a\rb\u001b[2Kc\u0007\u009b", "a<U+000D>b<U+001B>[2Kc<U+0007><U+009B>"],
    ["rm\u00a0-rf\u3000/", "rm<U+00A0>-rf<U+3000>/"],
    ["a\u{e0041}", "a<U+E0041>"],
    ["家族 👨‍👩‍👧 ❤️‍🔥 a\u200db", "家族 👨‍👩‍👧 ❤️‍🔥 a<U+200D>b"],
  ])("%j", (text, wanted) => expect(shown(text)).toBe(wanted));

  test("nothing is lost and nothing invented: the text can be had back from what is shown", () => {
    const word = fc.constantFrom("a", " ", "\n", "\t", "\u202e", "\u200d", "👨", "é", "\r");
    fc.assert(
      fc.property(fc.array(word, { maxLength: 200 }), (words) => {
        const text = words.join("");
        const lengths = piecesOf(text).map((piece) => {
          if (piece.kind === "text") return piece.text.length;
          if (piece.kind === "sign") return piece.code.length > 6 ? 2 : 1;
          return piece.kind === "spaces" ? piece.count : null;
        });
        const known = lengths.reduce<number>((sum, one) => sum + (one ?? 0), 0);
        if (lengths.includes(null)) expect(known).toBeLessThan(text.length);
        else expect(known).toBe(text.length);
      }),
    );
  });
});
