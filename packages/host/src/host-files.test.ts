/** Where a host is found: by its own file, and by the place where hosts of older versions left their mark. */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { leaveMark, readHostMark, removeMark } from "./host-files.ts";

const root = mkdtempSync(join(tmpdir(), "hapi-host-files-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const folder = (): string => mkdtempSync(join(root, "session-"));

const record = (pid: number) => ({ pid, startTime: "1", socket: "/nowhere.sock", version: 1, startedAt: pid });
/** As version 0.1.0 wrote it. */
const older = { version: 1, sessionId: "one", threadId: "thread-1", host: record(7) };
const sessionFile = (dir: string): string => readFileSync(join(dir, "session.json"), "utf8");

test("in the folder of an older host it is read where that left it, until one with a file of its own comes", () => {
  const dir = folder();
  writeFileSync(join(dir, "session.json"), JSON.stringify(older));
  expect(readHostMark(dir)).toEqual(record(7));
  leaveMark(dir, record(8));
  expect(readHostMark(dir)).toEqual(record(8));
  removeMark(dir);
  expect(readHostMark(dir)).toBeNull();
  // It is not the host's.
  expect(sessionFile(dir)).toBe(JSON.stringify(older));
});

test("for a starter of an older version it is left there too, beside what else the file holds, and goes with the host", () => {
  const dir = folder();
  writeFileSync(join(dir, "session.json"), JSON.stringify({ ...older, host: undefined }));
  leaveMark(dir, record(9), { alsoOlder: true });
  expect(JSON.parse(sessionFile(dir))).toEqual({ ...older, host: record(9) });
  removeMark(dir, { alsoOlder: true });
  expect(JSON.parse(sessionFile(dir))).toEqual({ ...older, host: undefined });
});

test("half of a file from a foreign hand says nothing", () => {
  const dir = folder();
  writeFileSync(join(dir, "host.json"), "{");
  expect(readHostMark(dir)).toBeNull();
});
