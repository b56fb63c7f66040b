import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "bun:test";
import { type Files, systemClock, systemFiles } from "@hapi/platform/lean";
import { createTailer, type Tailer } from "./tailer.ts";

let folder: string;
let tailer: Tailer;
let seen: string[];
let resets: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hapi-tailer-"));
  seen = [];
  resets = 0;
});
afterEach(async () => {
  await tailer.close();
  rmSync(folder, { recursive: true, force: true });
});

function follow(path: string, offset = 0, pollMs = 60_000, files: Files = systemFiles): void {
  tailer = createTailer({
    files,
    clock: systemClock,
    path,
    offset,
    pollMs,
    onLines: (lines) => void seen.push(...lines.map((line) => line.text)),
    onReset: () => void (resets += 1),
    onError: (cause) => {
      throw cause;
    },
  });
}

test("half a line waits for its other half, and the offset for both", async () => {
  const path = join(folder, "a.jsonl");
  writeFileSync(path, "one\ntw");
  follow(path);
  await tailer.sync();
  expect([seen, tailer.offset]).toEqual([["one"], 4]);
  appendFileSync(path, "o\n");
  await tailer.sync();
  expect([seen, tailer.offset]).toEqual([["one", "two"], 8]);
});

test("begins at an offset", async () => {
  const path = join(folder, "a.jsonl");
  writeFileSync(path, "one\ntwo\n");
  follow(path, 4);
  await tailer.sync();
  expect(seen).toEqual(["two"]);
});

test("waits for a file in a folder that is not there yet", async () => {
  const path = join(folder, "later", "a.jsonl");
  follow(path, 0, 5);
  await tailer.sync();
  expect(seen).toEqual([]);
  mkdirSync(dirname(path));
  writeFileSync(path, "one\n");
  await tailer.sync();
  expect(seen).toEqual(["one"]);
});

test("a file that was cut or replaced is read from its start", async () => {
  const path = join(folder, "a.jsonl");
  writeFileSync(path, "one\ntwo\n");
  follow(path);
  await tailer.sync();
  truncateSync(path, 0);
  appendFileSync(path, "new\n");
  await tailer.sync();
  expect([seen, resets]).toEqual([["one", "two", "new"], 1]);
  writeFileSync(join(folder, "b.jsonl"), "another file\nwith more in it\n");
  renameSync(join(folder, "b.jsonl"), path);
  await tailer.sync();
  expect(seen.slice(3)).toEqual(["another file", "with more in it"]);
  expect(resets).toBe(2);
});

test("the next batch waits for the reader", async () => {
  const path = join(folder, "a.jsonl");
  writeFileSync(path, "one\n");
  const gate = Promise.withResolvers<void>();
  const order: string[] = [];
  tailer = createTailer({
    files: systemFiles,
    clock: systemClock,
    path,
    offset: 0,
    pollMs: 60_000,
    onError: () => undefined,
    async onLines(lines) {
      order.push(`start ${lines[0]?.text}`);
      if (lines[0]?.text === "one") await gate.promise;
      order.push(`end ${lines[0]?.text}`);
    },
  });
  const first = tailer.sync();
  appendFileSync(path, "two\n");
  const second = tailer.sync();
  gate.resolve();
  await Promise.all([first, second]);
  expect(order.filter((line) => line.startsWith("start")).length).toBeGreaterThan(0);
  expect(order.indexOf("end one")).toBe(1);
});

test("many writers' worth of lines arrive once and in order", async () => {
  const path = join(folder, "a.jsonl");
  follow(path, 0, 1);
  const expected: string[] = [];
  for (let index = 0; index < 300; index += 1) {
    const text = `line ${index} ${"x".repeat(index * 7)}`;
    expected.push(text);
    appendFileSync(path, text.slice(0, 5));
    if (index % 10 === 0) await tailer.sync();
    appendFileSync(path, `${text.slice(5)}\n`);
  }
  await tailer.sync();
  expect(seen).toEqual(expected);
});

test("a file that moves is followed from the same offset, half a line and all", async () => {
  const path = join(folder, "a.jsonl");
  const next = join(folder, "elsewhere", "a.jsonl");
  const moves: string[] = [];
  let asked = 0;
  writeFileSync(path, "one\ntw");
  tailer = createTailer({
    files: systemFiles,
    clock: systemClock,
    path,
    offset: 0,
    pollMs: 60_000,
    onLines: (lines) => void seen.push(...lines.map((line) => line.text)),
    onReset: () => void (resets += 1),
    onError: (cause) => {
      throw cause;
    },
    async elsewhere() {
      asked += 1;
      return next;
    },
    onMoved: (to) => void moves.push(to),
  });
  await tailer.sync();
  expect([seen, asked, tailer.isThere]).toEqual([["one"], 0, true]);
  mkdirSync(dirname(next));
  renameSync(path, next);
  appendFileSync(next, "o\nthree\n");
  await tailer.sync();
  expect([seen, moves, tailer.path, resets]).toEqual([["one", "two", "three"], [next], next, 0]);
});

test("a copy of what was read goes on, a file with other words before the offset begins anew", async () => {
  const path = join(folder, "a.jsonl");
  writeFileSync(path, "one\ntwo\n");
  follow(path);
  await tailer.sync();
  writeFileSync(join(folder, "copy.jsonl"), "one\ntwo\nthree\n");
  tailer.moveTo(join(folder, "copy.jsonl"));
  await tailer.sync();
  expect([seen, resets]).toEqual([["one", "two", "three"], 0]);
  writeFileSync(join(folder, "other.jsonl"), "ONE\nTWO\nTHREE\nFOUR\n");
  tailer.moveTo(join(folder, "other.jsonl"));
  await tailer.sync();
  expect([seen.slice(3), resets]).toEqual([["ONE", "TWO", "THREE", "FOUR"], 1]);
});

test("what stands in its place is not read: a folder, a name that is too long", async () => {
  const path = join(folder, "a.jsonl");
  const errors: string[] = [];
  mkdirSync(path);
  const open = (at: string): void => {
    tailer = createTailer({
      files: systemFiles,
      clock: systemClock,
      path: at,
      offset: 0,
      pollMs: 60_000,
      onLines: () => undefined,
      onError: (cause) => void errors.push(String(cause)),
    });
  };
  open(path);
  await tailer.sync();
  expect(tailer.isThere).toBe(false);
  await tailer.close();
  open(join(folder, "x".repeat(300), "a.jsonl"));
  await tailer.sync();
  expect(tailer.isThere).toBe(false);
  expect([...new Set(errors.map((error) => /EISDIR|is not a file|ENAMETOOLONG/.exec(error)?.[0]))]).toEqual([
    "is not a file",
    "ENAMETOOLONG",
  ]);
});

test("a line longer than what is read at once is given whole", async () => {
  const path = join(folder, "a.jsonl");
  const long = Array.from({ length: 200_000 }, (_, index) => `word ${index}`).join(" ");
  writeFileSync(path, `one\n${long}\nthree\n`);
  follow(path);
  await tailer.sync();
  expect(seen.map((line) => line.length)).toEqual([3, long.length, 5]);
  expect(seen[1] === long).toBe(true);
});

test("a disk that answers less than it was asked for is no other file", async () => {
  const path = join(folder, "a.jsonl");
  const files: Files = {
    ...systemFiles,
    async open(at) {
      const file = await systemFiles.open(at);
      return { ...file, read: (buffer, position) => file.read(buffer.subarray(0, 3), position) };
    },
  };
  writeFileSync(path, "one\ntwo\n");
  follow(path, 0, 60_000, files);
  await tailer.sync();
  appendFileSync(path, "three\n");
  await tailer.sync();
  expect([seen, resets]).toEqual([["one", "two", "three"], 0]);
});
