/** Claude's own screen through HAPI is Claude's own screen, to the last colour; and the terminal may close while it works. */
import { expect, test } from "bun:test";
import { compareScreens, type ScreenStep, type Tmux, type TmuxOptions } from "@hapi/testkit";
import { atPrompt, BANNER, enter, press, shows } from "./tui.ts";
import { visible } from "./visible.ts";
import { createWorld, type World } from "./world.ts";

const has = (text: string) => (screen: string) => screen.includes(text);
const key = (name: string, keys: string[], arrived?: ScreenStep["arrived"]): ScreenStep => ({
  name,
  act: (terminal) => terminal.keys(...keys),
  ...(arrived ? { arrived } : {}),
});
const type = (name: string, text: string, arrived: ScreenStep["arrived"]): ScreenStep => ({
  name,
  act: (terminal) => terminal.type(text),
  arrived,
});
const say = (name: string, text: string, arrived: ScreenStep["arrived"]): ScreenStep => ({
  name,
  act: (terminal) => enter(terminal, text),
  arrived,
});
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
  key("another answer chosen", ["Down"], has("❯ 2. Yes")),
  // Until Claude has drawn it anew: a busy one leaves the cut lines of the old size for a while.
  {
    name: "dialog, smaller",
    act: (terminal) => terminal.resize(80, 30),
    arrived: (screen) => /^\s+commands\) for this session/m.test(screen),
  },
  { name: "dialog, larger", act: (terminal) => terminal.resize(120, 40), arrived: has("common file commands) for this session") },
  answer("approved", "1", /Do you want to create/, has("The last tool said: File created")),
  say("question", "ask: Which color?|Red|Blue", has("Enter to select")),
  answer("question left", "Escape", /Enter to select/),
  say("help", "/help", has("Esc to close")),
  answer("help left", "Escape", /Esc to close/),
  key("mode changed", ["BTab"], has("accept edits on")),
  type("shell line", "!", has("for shell mode")),
  key("shell line left", ["BSpace"], (screen) => !screen.includes("! for shell mode")),
  key("Ctrl-C", ["C-c"], has("again to exit")),
];

const options = (world: World, argv: string[]): TmuxOptions => ({ argv, cwd: world.cwd, env: world.env, cols: 120, rows: 40 });

/** What can't be equal: where it runs, when, and Claude's own dice (its verbs, tips, hints and the feet of its logo). */
function normalize(screen: string, worlds: readonly World[]): string {
  const named = worlds.reduce((text, world) => text.replaceAll(world.cwd, "/project"), screen);
  return (
    visible(named)
      .replaceAll(/✻.*/g, "✻ worked")
      .replaceAll(/Try "[^"]*"/g, "Try something")
      .replaceAll(/\d\d:\d\d [AP]M/g, "12:00 PM")
      // Its logo moves, and is not there for a moment.
      .replaceAll(/^(?:.*[▐▝▘▛▜█].*?|\s+(?:\{[\d;]*\})*)(?=Claude Code|Opus|\/project)/gm, "")
      .replaceAll(/^.*(?:ctrl\+y to paste deleted text|medium · \/effort).*$/gm, "")
      .replaceAll(/(?: · \? for shortcuts)?(?: · ← for agents)?$/gm, "")
  );
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
  const seen = (side: "direct" | "through") => differences.map((one) => `── ${one.step}\n${one[side]}`).join("\n");
  expect(seen("through")).toBe(seen("direct"));
  expect(steps.length).toBeGreaterThanOrEqual(20);
}, 480_000);

test("closing the terminal during a turn leaves the turn going, and the web sees its end; hapi shows it again", async () => {
  await using world = await createWorld();
  const { terminal, session } = await world.start();
  await atPrompt(terminal);
  await enter(terminal, "slow 40 100");
  await session.tells("started");
  const agent = await world.agent(session.id);
  const host = await world.facts(session.id);
  // The window is closed: everything in it gets SIGHUP.
  await terminal[Symbol.asyncDispose]();
  await world.until(async () => (await world.facts(session.id)).viewers.length === 0, "nobody looks");
  expect(session.told).not.toContain("ended: completed");
  await session.tells("ended: completed");
  expect(session.told.at(-2)).toMatch(/^says: chunk 1 .*chunk 40 $/);
  expect(session.value).toMatchObject({ active: true, thinking: false });
  expect(await world.agent(session.id)).toEqual(agent);
  expect((await world.facts(session.id)).pid).toBe(host.pid);

  // A request that comes up while nobody sits there waits for the phone.
  const prompt = await session.send("run: touch by-phone");
  const request = await session.request();
  await world.web.api.permissions.approve(session.id, request.id);
  await session.finished(prompt);

  const again = await world.terminal();
  await enter(again, "hapi");
  await shows(again, BANNER);
  await again.keys("Space", "Space");
  await atPrompt(again);
  await shows(again, "by-phone");
  await enter(again, "say: back at the desk");
  await session.tells("says: back at the desk");
}, 480_000);
