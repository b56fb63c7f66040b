/** `hapi …` beside `claude …`, on the real program: what is no conversation on a terminal says the same, and HAPI leaves nothing behind. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { runCommand } from "@hapi/platform";
import { createWorld } from "./world.ts";

/** Of what a program says, all but what differs from run to run. */
const same = (text: string): string =>
  text.replace(/[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}/g, "ID").replace(/"(duration\w*|\w+_ms|timestamp)":("[^"]*"|[\d.]+)/g, '"$1":0');

test("one-shot prompts, pipes and Claude's own commands: the same output and exit code as claude, no session, no hub", async () => {
  await using world = await createWorld({ withoutHub: true });
  const lines: { words: string[]; input?: string; exact?: boolean; /** bare, it is a command of HAPI's */ isOurs?: true }[] = [
    { words: ["-p", "hello there"], exact: true },
    { words: ["--print", "--output-format", "json", "hello there"] },
    { words: ["-p", "--output-format", "stream-json", "--verbose", "hello there"] },
    { words: [], input: "words from a pipe", exact: true },
    { words: ["mcp", "list"], exact: true },
    { words: ["agents", "--json"], exact: true, isOurs: true },
    { words: ["plugin", "list"], exact: true },
    { words: ["--no-such-flag", "-p", "x"], exact: true },
    { words: ["mcp", "get", "nobody"], exact: true },
  ];
  for (const { words, input, exact, isOurs } of lines) {
    const options = {
      cwd: world.cwd,
      env: { ...world.env, HAPI_API_URL: "" },
      timeoutMs: 240_000,
      ...(input === undefined ? {} : { input }),
    };
    const theirs = await runCommand([join(world.bin, "claude"), ...words], options);
    const ours = await runCommand([join(world.bin, "hapi"), "claude", ...words], options);
    const bare = await runCommand([join(world.bin, "hapi"), ...words], options);
    for (const one of isOurs ? [ours] : [ours, bare]) {
      expect([words, one.code, same(one.stderr)]).toEqual([words, theirs.code, same(theirs.stderr)]);
      if (exact) expect([words, one.stdout]).toEqual([words, theirs.stdout]);
      // Events in between may come in another number; what is asked for is the answer.
      else
        expect(same(one.stdout.trimEnd().split("\n").at(-1) ?? "").slice(0, 200)).toBe(
          same(theirs.stdout.trimEnd().split("\n").at(-1) ?? "").slice(0, 200),
        );
    }
  }
  expect(existsSync(join(world.home, ".hapi"))).toBe(false);
}, 480_000);
