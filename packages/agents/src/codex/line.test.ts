/** What a line behind `hapi codex` means. */
import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { argsFor, codexLine } from "./line.ts";

const ID = "01a22d10-344b-72f0-b203-387e0470133f";
const where = { env: {}, cwd: "/nowhere" };
const business = (line: string) => codexLine.ownBusiness(line === "" ? [] : line.split(" "));
const asked = (line: string) => codexLine.threadAsked(line.split(" "), where);

test("a conversation on a terminal is HAPI's, everything else is Codex's own business", () => {
  expect(["", "fix-the-tests", "-m gpt-5.5 fix", `resume ${ID}`, "resume --last", `fork ${ID}`].map(business)).toEqual(Array(6).fill(null));
  expect(["exec hi", "login", "mcp list", "resume", "fork", "--version", "-C /tmp", "-m gpt-5.5 review"].map(business)).toEqual([
    "exec",
    "login",
    "mcp",
    "resume",
    "fork",
    "--version",
    "-C",
    "review",
  ]);
});

test("a thread is asked for by its id, or as the newest", () => {
  expect(asked(`resume ${ID}`)).toEqual({ threadId: ID, fork: false });
  expect(asked(`fork ${ID}`)).toEqual({ threadId: ID, fork: true });
  expect(asked("resume --last")).toEqual({ threadId: null, fork: false });
  expect(asked("fix")).toBeNull();
});

test("the newest thread is that of this folder", () => {
  const home = mkdtempSync(join(tmpdir(), "hapi-codex-line-"));
  try {
    const write = (day: string, name: string, meta: Record<string, string>) => {
      mkdirSync(join(home, "sessions", "2026", "11", day), { recursive: true });
      writeFileSync(join(home, "sessions", "2026", "11", day, name), `${JSON.stringify({ type: "session_meta", payload: meta })}\n{}\n`);
    };
    write("29", "rollout-2026-11-29T10-00-00-a.jsonl", { id: "01a22d10-0000-7000-8000-000000000001", cwd: "/here" });
    write("30", "rollout-2026-11-30T09-00-00-b.jsonl", { id: "01a22d10-0000-7000-8000-000000000002", cwd: "/here" });
    write("30", "rollout-2026-11-30T11-00-00-c.jsonl", { id: "01a22d10-0000-7000-8000-000000000003", cwd: "/elsewhere" });
    const newest = codexLine.threadAsked(["resume", "--last"], { env: { CODEX_HOME: home }, cwd: "/here" });
    expect(newest).toEqual({ threadId: "01a22d10-0000-7000-8000-000000000002", fork: false });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});

test("server and screen get the flags that are theirs, and nobody the words that chose the thread", () => {
  const words = ["-c", "model=x", "resume", ID, "-m", "gpt-5.5", "--last", "fix it"];
  expect(argsFor(words)).toEqual({ server: ["-c", "model=x"], terminal: ["-m", "gpt-5.5"], prompt: ["fix it"] });
});
