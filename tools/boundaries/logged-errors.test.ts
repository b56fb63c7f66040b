/** What went wrong is logged whole: with its code, its stack and what caused it. `String(cause)` leaves a sentence of it. */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";

const root = resolve(import.meta.dir, "../..");
const shortened = /\blog\.(?:debug|info|warn|error)\((?:[^()]|\([^()]*\))*?String\((?:cause|error)\)/g;

test("an error in the log is given as it is", () => {
  const found = readdirSync(join(root, "packages")).flatMap((name) => {
    const src = join(root, "packages", name, "src");
    const files = readdirSync(src, { recursive: true }).map(String);
    return files
      .filter((file) => /\.tsx?$/.test(file) && !/\.test\.tsx?$/.test(file))
      .flatMap((file) => {
        const path = join(src, file);
        return [...readFileSync(path, "utf8").matchAll(shortened)].map(({ 0: call }) => `${relative(root, path)}: ${call}`);
      });
  });
  expect(found).toEqual([]);
  // The rule itself sees what it is for.
  expect('log.warn("x.failed", { id: idOf(row), cause: String(cause) })').toMatch(shortened);
});
