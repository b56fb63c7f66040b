/** Generated documents are current: whoever changes a schema runs `npm run docs`. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { rows } from "./described.ts";
import { generated } from "./documents.ts";

for (const [path, text] of await generated()) {
  test(`${basename(path)} is what the code says (npm run docs)`, () => {
    expect(readFileSync(path, "utf8")).toBe(text);
  });
}

test("every row of the described table names a test that exists", () => {
  const missing = rows.filter(({ proof: [file, name] }) => {
    const text = readFileSync(resolve(import.meta.dir, "../..", file), "utf8");
    if (text.includes(name)) return false;
    // Rows of described.test.ts are made from the table itself: `Session.${name}` and the like.
    return !(file.endsWith("described.test.ts") && /^([A-Z]\w+\.\w+|state \w+|modes of \w+)$/.test(name));
  });
  expect(missing).toEqual([]);
});
