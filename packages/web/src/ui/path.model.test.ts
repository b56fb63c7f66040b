import { expect, test } from "bun:test";
import { splitPath } from "./path.model.ts";

test.each([
  ["packages/web/src/main.tsx", "packages/web/src", "/main.tsx"],
  ["/home/ada/shop/", "/home/ada", "/shop/"],
  ["C:\\work\\shop", "C:\\work", "\\shop"],
  ["/srv", "", "/srv"],
  ["a-very-long-name-of-a-picture-0042.png", "a-very-long-name-of-a-pict", "ure-0042.png"],
  ["a.png", "", "a.png"],
  ["", "", ""],
])("%s keeps its end", (path, head, end) => {
  expect(splitPath(path)).toEqual({ head, end });
});
