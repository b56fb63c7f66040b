import { expect, test } from "bun:test";
import { safeNext } from "./safe-next.ts";

test.each([
  ["/sessions/abc", "/sessions/abc"],
  ["//evil.example", "/"],
  ["/\\evil.example", "/"],
  ["https://evil.example", "/"],
  ["/login?next=/x", "/"],
  [undefined, "/"],
  [7, "/"],
])("after signing in %p leads to %p", (asked, path) => {
  expect(safeNext(asked)).toBe(path);
});
