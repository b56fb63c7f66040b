import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "bun:test";
import { findTranscript, newestThread, newestTranscript, transcriptPath } from "./paths.ts";
import { ownSystem, type Place } from "./system.ts";

let root: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "claude-paths-")));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const at = (cwd: string): Place => ({ env: { HOME: root }, cwd, system: ownSystem });

const encoded = (cwd: string): string => cwd.replace(/[^a-zA-Z0-9]/g, "-");
const idOf = (n: number): string => `1f0e0f5a-7d0b-4a43-9a55-00000000000${n}`;

/** A conversation as Claude leaves it; `age` in seconds. */
function conversation(n: number, folder: string, cwd: string, { age = 0, end = "", words = true, said = "hello" } = {}): string {
  const dir = join(root, ".claude", "projects", folder);
  mkdirSync(dir, { recursive: true });
  const path = join(dir, `${idOf(n)}.jsonl`);
  const lines = [{ type: "queue-operation" }, ...(words ? [{ type: "user", message: { content: said }, cwd }] : [])];
  writeFileSync(path, `${lines.map((line) => `${JSON.stringify(line)}\n`).join("")}${end}`);
  const seconds = Date.now() / 1000 - age;
  utimesSync(path, seconds, seconds);
  return path;
}

test("two folders of one encoded name: each has its own newest conversation", () => {
  const [journey = "", wages = ""] = ["旅行记", "工资表"].map((name) => join(root, name));
  for (const dir of [journey, wages]) mkdirSync(dir);
  expect(encoded(journey)).toBe(encoded(wages));
  conversation(1, encoded(journey), journey, { age: 100 });
  conversation(2, encoded(wages), wages, { age: 1 });
  expect(newestThread(at(journey))).toBe(idOf(1));
  expect(newestThread(at(wages))).toBe(idOf(2));
  expect(newestThread(at(join(root, "学习册")))).toBeNull();
});

test("a conversation that begins with more than can be looked at (a picture) belongs to the folder that stands behind it", () => {
  const [journey = "", wages = ""] = ["旅行记", "工资表"].map((name) => join(root, name));
  for (const dir of [journey, wages]) mkdirSync(dir);
  const picture = "x".repeat(100_000);
  const answer = (cwd: string): string => `${JSON.stringify({ type: "assistant", message: { content: "seen" }, cwd })}\n`;
  conversation(1, encoded(journey), journey, { age: 100, said: picture, end: answer(join(journey, "day-1")) });
  conversation(2, encoded(wages), wages, { age: 10, said: picture, end: answer(wages) });
  // Not even its end names a folder: it was killed while it wrote its first answer.
  conversation(3, encoded(wages), wages, { age: 1, said: picture });
  expect(newestThread(at(journey))).toBe(idOf(1));
  expect(newestThread(at(wages))).toBe(idOf(3));
});

test("--continue: by its link or by its real path, moved in or out, without words, cut off, no folder at all", () => {
  const cwd = join(root, "project");
  mkdirSync(cwd);
  symlinkSync(cwd, join(root, "link"));
  expect(newestThread(at(cwd))).toBeNull();
  conversation(1, encoded(cwd), cwd, { age: 50 });
  conversation(2, encoded(cwd), cwd, { age: 10, words: false });
  expect(newestThread(at(cwd))).toBe(idOf(1));
  expect(newestThread(at(join(root, "link")))).toBe(idOf(1));
  // Its last folder counts, not the one in which it began: a sibling of the same encoded name.
  const alike = join(root, "project".replace("o", "_"));
  const moved = (to: string): string => `${JSON.stringify({ type: "relocated", relocatedCwd: to })}\n{"type":"cut o`;
  conversation(3, encoded(cwd), cwd, { age: 5, end: moved(join(root, "pro.ect")) });
  conversation(4, encoded(cwd), alike, { age: 4, end: moved(cwd) });
  expect(newestThread(at(cwd))).toBe(idOf(4));
});

test("a name that Claude cut: by the folder its lines name", () => {
  const cwd = join(root, "d".repeat(120), "e".repeat(120));
  mkdirSync(cwd, { recursive: true });
  const cut = encoded(cwd).slice(0, 200);
  conversation(1, `${cut}-abc`, cwd, { age: 10 });
  conversation(2, `${cut}-xyz`, `${cwd}x`, { age: 1 });
  expect(newestThread(at(cwd))).toBe(idOf(1));
  expect(
    transcriptPath(at(cwd), idOf(3))
      .split("/")
      .every((name) => name.length <= 255),
  ).toBe(true);
});

test("a conversation is found wherever it is: elsewhere, behind a link, moved away, copied; and never in what is no file", () => {
  const cwd = join(root, "project");
  mkdirSync(cwd);
  const guess = transcriptPath(at(cwd), idOf(1));
  expect(findTranscript(at(cwd), idOf(1))).toBeUndefined();
  const there = conversation(1, "-another-folder", cwd, { age: 10 });
  expect(transcriptPath(at(cwd), idOf(1))).toBe(there);
  const worktree = join(root, ".claude", "projects", "-worktree");
  mkdirSync(worktree);
  renameSync(there, join(worktree, `${idOf(1)}.jsonl`));
  expect(findTranscript(at(cwd), idOf(1), there)).toBe(join(worktree, `${idOf(1)}.jsonl`));
  renameSync(worktree, join(root, "kept"));
  symlinkSync(join(root, "kept"), worktree);
  expect(findTranscript(at(cwd), idOf(1))).toBe(join(worktree, `${idOf(1)}.jsonl`));
  mkdirSync(guess, { recursive: true });
  expect(findTranscript(at(cwd), idOf(1), guess)).toBe(join(worktree, `${idOf(1)}.jsonl`));
  const copy = conversation(1, "-copy", cwd);
  expect(newestTranscript(at(root), idOf(1))).toBe(copy);
  expect(findTranscript({ ...at(cwd), env: { CLAUDE_CONFIG_DIR: join(root, "work") } }, idOf(1))).toBeUndefined();
  expect(findTranscript(at(cwd), "x".repeat(300))).toBeUndefined();
});
