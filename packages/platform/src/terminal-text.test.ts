import { expect, test } from "bun:test";
import { cleanLine, cleanPainted, fit, fitPainted, textWidth } from "./terminal-text.ts";

const dim = (text: string): string => `\x1b[2m${text}\x1b[0m`;

test.each([
  ["abc", 3],
  ["漢字a", 5],
  ["👨‍👩‍👧‍👦", 2],
  ["👍🏽", 2],
  ["🇩🇪", 2],
  ["e\u0301", 1],
  [dim("漢"), 2],
])("%j takes %i columns", (text, columns) => {
  expect(textWidth(text)).toBe(columns);
});

test("no half character is left where a title is cut", () => {
  expect(fit("Deploy 🚀🚀🚀", 10)).toBe("Deploy 🚀…");
  expect(fit("Deploy 🚀🚀🚀", 9)).toBe("Deploy …");
  expect(fit("ab👨‍👩‍👧‍👦cd", 4)).toBe("ab…");
  expect(fit("工资表和旅行记", 6)).toBe("工资…");
  expect(fit("anything", 0)).toBe("");
});

test("colours are kept around what is cut", () => {
  expect(fitPainted(`title  ${dim("/home/ada/shop")}`, 12)).toBe(`title  ${dim("/hom…")}`);
  expect(fitPainted(`long title  ${dim("/x")}`, 6)).toBe(`long …${dim("")}`);
});

test("a stranger's words stay on their line and steer nothing", () => {
  expect(cleanLine("one\n two\x1b[2J\x07\u202e three\x1b]0;x\x07")).toBe("one two three");
});

test("a painted text keeps its colours and nothing else that steers", () => {
  const hostile = "a\x1b]52;c;aGk=\x07b\x1b]8;;http://x\x1b\\c\x1bcd\x1b[2Je\u009b2Jf\u202eg\rh";
  expect(cleanPainted(`\x1b[32m✓\x1b[0m ${hostile}`)).toBe("\x1b[32m✓\x1b[0m abccde2Jfg\nh");
});
