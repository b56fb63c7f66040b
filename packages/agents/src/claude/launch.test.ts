import { expect, test } from "bun:test";
import { readArgs } from "./argv.ts";
import type { Core } from "./core.ts";
import { chooseThread } from "./launch.ts";

const id = "1f0e0f5a-7d0b-4a43-9a55-5b7f0d0c7f11";

/** A session whose thread has no transcript on this machine; `read`: how much of it was read before. */
function core(read: number | null): Core {
  const memory = { get: (key: string) => (key === "claude.tail" && read !== null ? { threadId: id, offset: read } : undefined) };
  return { thread: { id, transcript: "/nowhere/transcript.jsonl" }, context: { env: {}, cwd: "/", memory } } as unknown as Core;
}
const choose = (read: number | null) => chooseThread(core(read), { front: "remote", threadId: id, args: [] }, readArgs([]));

test("a thread that was never written down is begun under its id", () => {
  expect(choose(null)).toEqual({ kind: "new", threadId: id });
  expect(choose(0)).toEqual({ kind: "new", threadId: id });
});

test("a thread whose past is gone is not begun anew in disguise", () => {
  expect(() => choose(1_000)).toThrow(expect.objectContaining({ code: "resume_unavailable" }));
});
