/** Claude's own screen through HAPI is Claude's own screen, to the last colour; and the terminal may close while it works. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { compareScreens, type ScreenStep, type Tmux, type TmuxOptions } from "@hapi/testkit";
import { enter, press } from "./tui.ts";
import { createWorld, type World } from "./world.ts";

const has = (text: string) => (screen: string) => screen.includes(text);
const key = (name: string, keys: string[], arrived?: ScreenStep["arrived"]): ScreenStep => ({ name, act: (terminal) => terminal.keys(...keys), ...(arrived ? { arrived } : {}) });
const type = (name: string, text: string, arrived: ScreenStep["arrived"]): ScreenStep => ({ name, act: (terminal) => terminal.type(text), arrived });
const say = (name: string, text: string, arrived: ScreenStep["arrived"]): ScreenStep => ({ name, act: (terminal) => enter(terminal, text), arrived });
/** A key until the dialog is gone. */
const answer = (name: string, keyName: string, dialog: RegExp, arrived?: ScreenStep["arrived"]): ScreenStep => ({
  name,
  act: (terminal) => press(terminal, keyName, dialog),
  ...(arrived ? { arrived } : {}),
});
const clearLine = async (terminal: Tmux): Promise<void> => terminal.keys("C-u");

const steps: ScreenStep[] = [
  { name: "start", arrived: (screen) => /^❯/m.test(screen) && screen.includes("▐▛███▛█") && screen.includes("? for shortcuts") },
  type("typed words", "päd → 漢 words", has("漢 words")),
  { name: "line cleared", act: clearLine, arrived: (screen) => !screen.includes("漢") },
  type("slash menu", "/", has("/add-dir")),
  { name: "menu left", act: clearLine, arrived: (screen) => !screen.includes("/add-dir") },
  type("shortcuts", "?", has("for shell mode")),
  key("shortcuts left", ["BSpace"], (screen) => !screen.includes("for shell mode")),
  say("answer", "say: **bold** and `code`\\n\\n- one\\n- two", has("● bold and code")),
  say("tool turn", "run: seq 1 30", has("Done. The last tool said")),
  key("everything shown", ["C-o"], has("Showing detailed transcript")),
  key("and back", ["C-o"], (screen) => !screen.includes("Showing detailed transcript")),
  say("permission dialog", "write note.txt: hello there", has("Do you want to create note.txt?")),
  key("another answer chosen", ["Down"]),
  { name: "dialog, smaller", act: (terminal) => terminal.resize(80, 30) },
  { name: "dialog, larger", act: (terminal) => terminal.resize(120, 40) },
  answer("approved", "1", /Do you want to create/, has("The last tool said: File created")),
  say("question", "ask: Which color?|Red|Blue", has("Which color?")),
  answer("question left", "Escape", /Enter to select/),
  say("help", "/help", has("Esc to close")),
  answer("help left", "Escape", /Esc to close/),
  key("mode changed", ["BTab"], has("accept edits on")),
  type("shell line", "!", has("for shell mode")),
  key("shell line left", ["BSpace"], (screen) => !screen.includes("! for shell mode")),
  key("Ctrl-C", ["C-c"], has("again to exit")),
];

const options = (world: World, argv: string[]): TmuxOptions => ({ argv, cwd: world.cwd, env: world.env, cols: 120, rows: 40 });

/** What can't be equal: where it runs, when, and Claude's own dice (its verbs, tips and suggestions). */
function normalize(screen: string, worlds: readonly World[]): string {
  const named = worlds.reduce((text, world) => text.replaceAll(world.cwd, "/project"), screen);
  return named
    .replaceAll(/✻.*/g, "✻ worked")
    .replaceAll(/Try "[^"]*"/g, "Try something")
    .replaceAll(/\d\d:\d\d [AP]M/g, "12:00 PM")
    // Hints that come and go by themselves, alone at the right.
    .replaceAll(/^\s+\S*(?:ctrl\+y to paste deleted text|◐ medium · \/effort).*$/gm, "");
}

test(`${steps.length} screens are equal with and without HAPI`, async () => {
  await using direct = await createWorld({ withoutHub: true });
  await using through = await createWorld();
  const worlds = [direct, through];
  const differences = await compareScreens({
    direct: options(direct, ["claude", "--permission-mode", "manual"]),
    through: options(through, ["hapi", "claude"]),
    steps,
    normalize: (screen) => normalize(screen, worlds),
    quietMs: 300,
  });
  for (const { step, direct: one, through: other } of differences) {
    writeFileSync(`/tmp/screens-${step.replaceAll(" ", "-")}.direct`, one);
    writeFileSync(`/tmp/screens-${step.replaceAll(" ", "-")}.through`, other);
  }
  expect(differences.map((one) => one.step)).toEqual([]);
}, 180_000);
