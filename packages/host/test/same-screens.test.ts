/** Twenty screens of ordinary full-screen programs, with and without the host between: equal to the last colour. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { mkdirSync, writeFileSync } from "node:fs";
import { sessionDir } from "@hapi/platform/lean";
import { compareScreens, type ScreenStep } from "@hapi/testkit";
import { shutdownHost } from "../src/index.ts";
import { entry, programEnv, tempHome } from "./harness.ts";

const lines = Array.from({ length: 400 }, (_, at) => `\x1b[${31 + (at % 7)}mline ${at}\x1b[0m ${"päd→ ".repeat(at % 20)}`).join("\n");

const line = (name: string, text: string, arrived: (screen: string) => boolean): ScreenStep => ({
  name,
  async act(terminal) {
    await terminal.type(text);
    await terminal.keys("Enter");
  },
  arrived,
});
const key = (name: string, ...keys: string[]): ScreenStep => ({ name, act: (terminal) => terminal.keys(...keys) });

const steps: ScreenStep[] = [
  { name: "prompt", arrived: (screen) => screen.startsWith("$") },
  line("size", "stty size", (screen) => screen.includes("40 120")),
  line("colours", String.raw`printf '\e[1;38;5;208mbold\e[0m \e[48;2;1;2;3mtrue\e[0m ä 漢 🙂\n'`, (screen) => screen.includes("true ä")),
  line("scrolled", "seq 1 200", (screen) => screen.includes("\n200\n")),
  line("pager", "less -R lines.txt", (screen) => screen.includes("line 5")),
  key("page down", "Space"),
  key("page down again", "C-f"),
  key("up", "Up", "Up", "Up"),
  key("end", "G"),
  line("search", "?line 123", (screen) => screen.includes("line 123")),
  { name: "pager, smaller", act: (terminal) => terminal.resize(90, 25) },
  { name: "pager, larger", act: (terminal) => terminal.resize(120, 40) },
  key("quit pager", "q"),
  line("running", "cat", () => true),
  line("typed into it", "some words", (screen) => screen.split("some words").length === 3),
  key("Ctrl-C", "C-c"),
  line("code", "echo code=$?", (screen) => screen.includes("code=130")),
  line("alternate screen", String.raw`printf '\e[?1049h\e[2J\e[10;20H\e[7mbox\e[0m\e[?25l'; read x; printf '\e[?1049l\e[?25h'`, (screen) =>
    /^ {19}box/m.test(screen),
  ),
  key("back from it", "Enter"),
  key("history", "Up", "Up", "C-a"),
];

test(`${steps.length} screens are equal with and without the host`, async () => {
  using temp = tempHome();
  const cwd = join(temp.home, "work");
  mkdirSync(cwd);
  writeFileSync(join(cwd, "lines.txt"), lines);
  const env = { ...programEnv, HOME: cwd, LESSHISTFILE: "-" };
  const shell = ["bash", "--norc", "--noprofile"];
  const through = [process.execPath, entry("./through-entry.ts"), temp.home, "one", ...shell];
  const differences = await compareScreens({ direct: { argv: shell, cwd, env }, through: { argv: through, cwd, env }, steps });
  await shutdownHost(sessionDir(temp.home, "one"));
  expect(differences).toEqual([]);
  expect(steps).toHaveLength(20);
}, 480_000);
