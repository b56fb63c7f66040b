import { expect, test } from "bun:test";
import { shorten } from "./shorten.ts";

test("a long string loses its middle and no half character stays, whatever the limit", () => {
  for (let max = 20; max < 40; max += 1) {
    const short = shorten({ text: "👍🏽".repeat(30) }, max) as { text: string };
    expect(short.text.replaceAll("👍🏽", "")).toMatch(/^\n…\[\d+ more characters\]…\n$/);
  }
});
