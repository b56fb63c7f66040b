/** What is no conversation on a terminal is the agent's own program: its output, its exit code, its signals; HAPI leaves nothing behind. */
import { afterAll, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand, type CommandResult } from "@hapi/platform";

const MAIN = join(import.meta.dir, "../src/main.ts");
const root = mkdtempSync(join(tmpdir(), "hapi-pass-"));
const program = join(root, "claude");
writeFileSync(
  program,
  `#!/bin/sh
printf '<%s>' "$@"
case "$1" in
  --die) kill -TERM $$ ;;
  *) [ -t 0 ] || cat ;;
esac
echo "said aside" >&2
exit 7
`,
);
chmodSync(program, 0o755);
afterAll(() => rmSync(root, { recursive: true, force: true }));

const env = { PATH: process.env["PATH"] ?? "", HOME: root, HAPI_CLAUDE_PATH: program };

const hapi = (words: readonly string[], input?: string): Promise<CommandResult> =>
  runCommand([process.execPath, MAIN, ...words], { env, cwd: root, timeoutMs: 120_000, ...(input === undefined ? {} : { input }) });

test.each([
  [["-p", "what is this?"], "<-p><what is this?>"],
  [["claude", "--print", "--output-format", "json", "x"], "<--print><--output-format><json><x>"],
  [["claude", "mcp", "list"], "<mcp><list>"],
  [["mcp", "add", "server", "--", "cmd", "--new"], "<mcp><add><server><--><cmd><--new>"],
  [["update"], "<update>"],
  [["claude", "doctor"], "<doctor>"],
  [["claude", "auth", "status", "--json"], "<auth><status><--json>"],
  [["claude", "agents", "--json"], "<agents><--json>"],
  [["claude", "--version"], "<--version>"],
  [["claude", "--help"], "<--help>"],
  [["-p", "--yolo", "x"], "<-p><--dangerously-skip-permissions><x>"],
  [["--model", "opus", "-p", "x"], "<--model><opus><-p><x>"],
  [["claude", "mcp", "add", "x", "--yolo"], "<mcp><add><x><--yolo>"],
] as const)("hapi %p is the agent's own line", async (words, said) => {
  const result = await hapi(words);
  expect(result).toMatchObject({ code: 7, stdout: said, stderr: "said aside\n" });
  expect(existsSync(join(root, ".hapi"))).toBe(false);
});

test("from a pipe, without any word: the program reads it", async () => {
  expect(await hapi([], "words from a pipe")).toMatchObject({ code: 7, stdout: expect.stringContaining("words from a pipe") });
  expect(await hapi(["claude", "summarize this"], "a text")).toMatchObject({ code: 7, stdout: "<summarize this>a text" });
});

test("its end by a signal is ours", async () => {
  expect(await hapi(["claude", "--die", "-p"])).toMatchObject({ code: null, signal: "SIGTERM" });
});

test.each([
  [["-p", "--hapi-starting-mode", "remote", "x"], "-p is Claude Code's own and makes no session"],
  [["-p", "--new", "--sandbox", "x"], "so --sandbox means nothing with it"],
  [["claude", "--sandbox-network", "off", "mcp", "list"], "so --sandbox-network means nothing with it"],
  [["--new"], "A conversation with Claude Code needs a terminal"],
  [["demo"], "A conversation with Demo agent needs a terminal"],
  [["statsu"], 'hapi has no command or agent "statsu"'],
] as const)("hapi %p: one sentence and a failure", async (words, sentence) => {
  const result = await hapi(words, "");
  expect([result.code, result.stdout]).toEqual([1, ""]);
  expect(result.stderr.toLowerCase()).toContain(sentence.toLowerCase());
  expect(result.stderr.trimEnd().split("\n").length).toBe(1);
});

test("the agent is not there", async () => {
  const result = await runCommand([process.execPath, MAIN, "-p", "x"], { env: { HOME: root, PATH: "" }, cwd: root, timeoutMs: 120_000 });
  expect([result.code, result.stdout]).toEqual([127, ""]);
  expect(result.stderr).toContain("Claude Code is not installed");
});
