/** Leaving the demo's own front end at any moment: with exit code 0, as from a shell. */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openPty } from "@hapi/platform";

/** Types a line, waits for these words on the screen, then Ctrl-D; answers how the program ended. */
async function leave(line: string, words: string): Promise<{ code: number | null; said: string }> {
  const home = mkdtempSync(join(tmpdir(), "demo-tui-"));
  let said = "";
  let look = (): void => undefined;
  const pty = openPty({
    argv: [process.execPath, join(import.meta.dir, "main.ts"), "tui"],
    cwd: home,
    env: { PATH: process.env["PATH"], HOME: home, TERM: "xterm", HAPI_DEMO_SPEED: "1" },
    cols: 80,
    rows: 24,
    onData: (bytes) => {
      said += Buffer.from(bytes).toString();
      look();
    },
  });
  const until = (found: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      look = () => found() && resolve();
      look();
    });
  try {
    await until(() => said.includes("> "));
    await pty.write(Buffer.from(`${line}\r`));
    await until(() => said.includes(words));
    await pty.write(Buffer.from("\x04"));
    const { code } = await pty.exited;
    return { code, said };
  } finally {
    pty.signal("SIGKILL");
    rmSync(home, { recursive: true, force: true });
  }
}

test("Ctrl-D in the middle of a turn", async () => {
  const { code, said } = await leave("slow 200 50", "chunk 3");
  expect([code, said.includes("readline")]).toEqual([0, false]);
  expect(said).not.toContain("chunk 150");
}, 80_000);

test("Ctrl-D at a question is no", async () => {
  const { code, said } = await leave("write a.md: x", "Which one?");
  expect([code, said.includes("readline")]).toEqual([0, false]);
}, 80_000);

test("Ctrl-D at the prompt leaves the shell a line of its own", async () => {
  const { code, said } = await leave("say: done now", "done now");
  expect([code, said.endsWith("\n")]).toEqual([0, true]);
}, 80_000);
