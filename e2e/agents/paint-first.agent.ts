/** `hapi` on a terminal: Claude's screen first. Hub, registration and session process come up beside it, and nothing is lost when they are late. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { loadSettings, updateSettings } from "@hapi/platform";
import { atPrompt, enter, quit, shows } from "./tui.ts";
import { createWorld, type World } from "./world.ts";

/** Homes know their machine after the first start of anything. */
async function settled(world: World): Promise<string> {
  const home = join(world.home, ".hapi");
  await updateSettings(home, () => ({ machineId: "machine-of-this-test" }));
  return home;
}

const begun = (world: World): { launched: boolean; running: string | null }[] =>
  world
    .log()
    .split("\n")
    .filter((line) => line.includes('"session.begun"'))
    .map((line) => JSON.parse(line.slice(line.indexOf("{"))) as { launched: boolean; running: string | null });

test("the session process finds the screen running; a turn, the phone and the way back work as ever; two terminals at once are one session", async () => {
  await using world = await createWorld();
  await settled(world);
  const [first, second] = [await world.terminal(), await world.terminal()];
  await Promise.all([first.type("clear; hapi\n"), second.type("clear; hapi\n")]);
  await Promise.all([atPrompt(first), atPrompt(second)]);
  const session = await world.session();
  expect((await world.web.api.sessions.list()).length).toBe(1);
  expect((await world.facts(session.id)).viewers.length).toBe(2);
  await enter(first, "typed at once");
  await session.tells("ended: completed");
  expect(begun(world)).toEqual([expect.objectContaining({ launched: true, running: "local" })]);
  expect(session.told).toEqual(["typed: typed at once", "started", "says: Echo: typed at once", "ended: completed"]);
  await session.send("from the phone");
  await session.tells("says: Echo: from the phone");
  await first.type("  ");
  await atPrompt(first);
  await quit(first);

  // Again: the same conversation, begun the same way.
  await first.type("clear; hapi\n");
  await shows(first, "typed at once");
  await atPrompt(first);
  expect(begun(world).at(-1)).toMatchObject({ launched: true, running: "local" });
  await enter(first, "in the next life");
  await session.tells("says: Echo: in the next life");
  expect(world.lastConversation().join("\n")).toContain("from the phone");
  expect((await world.web.api.sessions.list()).length).toBe(1);
  await quit(first);
}, 480_000);

test("a prompt on the command line: its turn runs before the session process is there, and is told as any other", async () => {
  await using world = await createWorld();
  await settled(world);
  const terminal = await world.terminal();
  await terminal.type('clear; hapi claude "say: hello"\n');
  const session = await world.session();
  await session.tells("ended: completed");
  expect(begun(world)).toEqual([expect.objectContaining({ launched: true, running: "local" })]);
  expect(session.told).toEqual(["typed: say: hello", "started", "says: hello", "ended: completed"]);
  await atPrompt(terminal);
  await quit(terminal);
}, 480_000);

test("the hub is away: the screen is there all the same, and everything is at the hub when it comes", async () => {
  await using world = await createWorld();
  const home = await settled(world);
  await world.killHub();
  const terminal = await world.terminal();
  await terminal.type("clear; hapi\n");
  await atPrompt(terminal);
  await enter(terminal, "nobody listens");
  await shows(terminal, "Echo: nobody listens");
  await world.restartHub();
  const session = await world.session();
  await session.tells("says: Echo: nobody listens");
  expect(existsSync(join(home, "sessions", session.id, "first-program.json"))).toBe(false);
  expect(JSON.parse(readFileSync(join(home, "sessions", session.id, "session.json"), "utf8"))).not.toHaveProperty("firstLaunch");
  expect(loadSettings(home).machineId).toBe("machine-of-this-test");
  await quit(terminal);
}, 480_000);
