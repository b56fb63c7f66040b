/** `hapi` on a terminal: Claude's screen first. Hub, registration and session process come up beside it, and nothing is lost when they are late. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { loadSettings, runningHub, updateSettings } from "@hapi/platform";
import { atPrompt, enter, quit, shows } from "./tui.ts";
import { createWorld, type World } from "./world.ts";

/** Homes know their machine after the first start of anything. */
async function settled(world: World): Promise<string> {
  const home = join(world.home, ".hapi");
  await updateSettings(home, () => ({ machineId: "machine-of-this-test" }));
  return home;
}

interface Begun {
  launched: boolean;
  running: string | null;
}

/** What the session processes of this home, `count` of them, found when they began. The screen is there before they are. */
const begun = (world: World, count = 1): Promise<Begun[]> =>
  world.until(() => {
    const lines = world
      .log()
      .split("\n")
      .filter((line) => line.includes('"session.begun"'));
    return lines.length >= count && lines.map((line) => JSON.parse(line.slice(line.indexOf("{"))) as Begun);
  }, `${count} session processes have begun`);

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
  expect(await begun(world)).toEqual([expect.objectContaining({ launched: true, running: "local" })]);
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
  expect((await begun(world, 2)).at(-1)).toMatchObject({ launched: true, running: "local" });
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
  expect(await begun(world)).toEqual([expect.objectContaining({ launched: true, running: "local" })]);
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

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

test("the first start of a home: the screen comes first here, too; a hub is started beside it and gets the session", async () => {
  await using world = await createWorld({ withoutHub: true, env: { HAPI_LISTEN_PORT: String(await freePort()) } });
  const home = join(world.home, ".hapi");
  const terminal = await world.terminal();
  await terminal.type("clear; hapi\n");
  await atPrompt(terminal);
  await enter(terminal, "the first words");
  await shows(terminal, "Echo: the first words");
  expect(await begun(world)).toEqual([expect.objectContaining({ launched: true, running: "local" })]);
  const [id] = readdirSync(join(home, "sessions"));
  const { machineId, hubToken } = loadSettings(home);
  expect(JSON.parse(readFileSync(join(home, "sessions", id ?? "", "session.json"), "utf8"))).toMatchObject({ machineId });
  await world.until(async () => {
    const { url } = runningHub(home) ?? {};
    if (url === undefined) return false;
    const answer = await fetch(`${url}/cli/sessions/${id}`, { headers: { authorization: `Bearer ${hubToken}` } });
    return answer.ok && (await answer.text()).includes('"active":true');
  }, "the session is at the hub");
  await quit(terminal);
}, 480_000);

test("a session that was begun with another environment: the screen first, with the session's own, and what differs is said", async () => {
  await using world = await createWorld();
  await settled(world);
  const work = join(world.home, ".claude-work");
  mkdirSync(work);
  cpSync(join(world.home, ".claude.json"), join(work, ".claude.json"));
  const terminal = await world.terminal();
  await terminal.type(`clear; CLAUDE_CONFIG_DIR=${work} hapi\n`);
  const session = await world.session();
  await atPrompt(terminal);
  await enter(terminal, "kept apart");
  await session.tells("ended: completed");
  await quit(terminal);
  await terminal.type("clear; hapi\n");
  await shows(terminal, "kept apart");
  await atPrompt(terminal);
  expect((await begun(world, 2)).at(-1)).toMatchObject({ launched: true, running: "local" });
  expect(existsSync(join(world.home, ".claude", "projects"))).toBe(false);
  await enter(terminal, "again");
  await session.tells("says: Echo: again");
  await quit(terminal);
  expect(await terminal.screen()).toContain(`CLAUDE_CONFIG_DIR=${work} (here not set)`);
}, 480_000);
