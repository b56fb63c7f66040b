/** Generated documents are current: whoever changes a schema runs `npm run docs`. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { generated } from "./documents.ts";

for (const [path, text] of generated()) {
  test(`${basename(path)} is what the code says (npm run docs)`, () => {
    expect(readFileSync(path, "utf8")).toBe(text);
  });
}
