import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "bun:test";
import { piecesOf, systemFiles } from "./files.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "hapi-files-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function read(path: string, options: Parameters<typeof piecesOf>[2] = {}): Promise<string[]> {
  const found: string[] = [];
  for await (const { at, bytes } of piecesOf(systemFiles, path, options)) found.push(`${at} ${bytes.toString()}`);
  return found;
}

test("a file in pieces, as a whole or a stretch of it; none where there is no file; what can't be read is said", async () => {
  const path = join(dir, "f");
  writeFileSync(path, "abcdefgh");
  expect(await read(path, { pieceBytes: 3 })).toEqual(["0 abc", "3 def", "6 gh"]);
  expect(await read(path, { from: 2, to: 6, pieceBytes: 3 })).toEqual(["2 cde", "5 f"]);
  expect(await read(path, { from: 6, to: 6 })).toEqual([]);
  expect(await read(join(dir, "absent"))).toEqual([]);
  expect(await read(join(path, "below")).catch((cause: NodeJS.ErrnoException) => cause.code)).toBe("ENOTDIR");
});

test("facts and parts; an open file stays the same one when it is moved", async () => {
  const path = join(dir, "f");
  writeFileSync(path, "abcdef");
  expect(systemFiles.facts(path)).toMatchObject({ isFile: true, size: 6 });
  expect(systemFiles.facts(dir)?.isFile).toBe(false);
  expect(systemFiles.facts(join(dir, "absent"))).toBeNull();
  expect(systemFiles.part(path, 2, 3)).toBe("cde");
  expect(systemFiles.part(path, 4, 30)).toBe("ef");
  const file = await systemFiles.open(path);
  renameSync(path, join(dir, "g"));
  const buffer = Buffer.alloc(3);
  expect([await file.read(buffer, 3), buffer.toString(), (await file.facts()).size]).toEqual([3, "def", 6]);
  await file.close();
});

test("a folder that is watched tells of its changes; one that is not there can't be watched", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const unwatch = systemFiles.watch(dir, resolve, () => undefined);
  appendFileSync(join(dir, "f"), "x");
  await promise;
  unwatch();
  expect(() => systemFiles.watch(join(dir, "absent"), resolve, () => undefined)).toThrow();
});
