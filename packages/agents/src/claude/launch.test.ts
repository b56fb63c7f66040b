import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { readArgs } from "./argv.ts";
import { type Core, createCore } from "./core.ts";
import { chooseThread } from "./launch.ts";
import { type ClaudeContext, ownSystem } from "./system.ts";

const id = "1f0e0f5a-7d0b-4a43-9a55-5b7f0d0c7f11";

/** A session whose thread has no transcript on this machine; `read`: how much of it was read before. */
function core(read: number | null, transcript = "/nowhere/transcript.jsonl"): Core {
  const marks: Record<string, unknown> = {
    "claude.thread": { id, transcript },
    ...(read === null ? {} : { "claude.tail": { threadId: id, offset: read } }),
  };
  const memory = { get: (key: string) => marks[key], commit: async () => undefined };
  return createCore({ env: { HOME: "/nowhere" }, cwd: "/", memory, system: ownSystem } as unknown as ClaudeContext);
}
const choose = (read: number | null) => chooseThread(core(read), { front: "remote", threadId: id, args: [] }, readArgs([]));

test("a thread that was never written down is begun under its id", () => {
  expect(choose(null)).toEqual({ kind: "new", threadId: id });
  expect(choose(0)).toEqual({ kind: "new", threadId: id });
});

test("a first turn that was told from the output and broken off before Claude wrote anything down is no past; a completed one is", () => {
  const told = (more: Record<string, unknown>) => {
    const marks: Record<string, unknown> = {
      "claude.thread": { id, transcript: "/nowhere/transcript.jsonl" },
      "claude.tail": { threadId: id, offset: 0, pastUntil: "2026-11-29T22:00:00.000Z" },
      ...more,
    };
    const memory = { get: (key: string) => marks[key], commit: async () => undefined };
    const mine = createCore({ env: { HOME: "/nowhere" }, cwd: "/", memory, system: ownSystem } as unknown as ClaudeContext);
    return chooseThread(mine, { front: "remote", threadId: id, args: [] }, readArgs([]));
  };
  expect(told({})).toEqual({ kind: "new", threadId: id });
  expect(() => told({ "claude.answered": { threadId: id } })).toThrow(expect.objectContaining({ code: "resume_unavailable" }));
});

test("a record that holds only what an ending Claude noted, of a thread that was answered, is a past that is gone", () => {
  const dir = mkdtempSync(join(tmpdir(), "hapi-launch-"));
  const transcript = join(dir, `${id}.jsonl`);
  writeFileSync(transcript, `${JSON.stringify({ type: "last-prompt", sessionId: id })}\n`);
  const marked = (more: Record<string, unknown>) => {
    const marks: Record<string, unknown> = { "claude.thread": { id, transcript }, ...more };
    const memory = { get: (key: string) => marks[key], commit: async () => undefined };
    const mine = createCore({ env: { HOME: dir }, cwd: dir, memory, system: ownSystem } as unknown as ClaudeContext);
    return () => chooseThread(mine, { front: "remote", threadId: id, args: [] }, readArgs([]));
  };
  expect(marked({})()).toMatchObject({ kind: "new" });
  expect(marked({ "claude.answered": { threadId: id } })).toThrow(expect.objectContaining({ code: "resume_unavailable" }));
  rmSync(dir, { recursive: true });
});

test("a thread whose past is gone is not begun anew in disguise", () => {
  expect(() => choose(1_000)).toThrow(expect.objectContaining({ code: "resume_unavailable" }));
});

test("a thread in whose transcript nobody has said anything yet can't be resumed, and is begun under another id", () => {
  const folder = mkdtempSync(join(tmpdir(), "claude-launch-"));
  using _ = { [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
  const transcript = join(folder, `${id}.jsonl`);
  const choice = () => chooseThread(core(200, transcript), { front: "remote", threadId: id, args: [] }, readArgs([]));
  const notes = ["enqueue", "dequeue"].map((operation) => `${JSON.stringify({ type: "queue-operation", operation })}\n`).join("");
  writeFileSync(transcript, `${notes}{"type":"user","mess`);
  expect(choice()).toMatchObject({ kind: "new" });
  expect(choice()).not.toMatchObject({ threadId: id });
  writeFileSync(transcript, `${notes}${JSON.stringify({ type: "user", uuid: id, message: { role: "user", content: "hello" } })}\n`);
  expect(choice()).toEqual({ kind: "resume", threadId: id });
});
