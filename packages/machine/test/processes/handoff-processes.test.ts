/** The terminal and the phone on one conversation, with a real PTY, host, session process and agent. */
import { expect, test } from "bun:test";
import { checkHistory } from "@hapi/testkit";
import { createProcessWorld } from "./process-world.ts";

const BANNER = [
  "┌─────────────────────────────────────────────┐",
  "│ Remote mode - waiting for input             │",
  "│ Press space twice to regain control         │",
  "└─────────────────────────────────────────────┘",
];

test("local turn, phone takes over, answers, two spaces return; the thread and the agent are one", async () => {
  await using world = await createProcessWorld({ session: { startedBy: "terminal", startingMode: "local" } });
  const terminal = world.view();
  await terminal.until((screen) => screen.includes("Demo agent"), "the agent's own screen");
  await world.until(async () => (await world.api.sessions.get(world.sessionId)).metadata?.lifecycleState === "paused", "paused");
  terminal.type("say: typed here\r");
  await terminal.until((screen) => screen.includes("typed here"), "the turn");
  await world.until(async () => JSON.stringify(await world.rows()).includes("typed here"), "the local turn on the web");

  const localId = await world.send("say: from the phone");
  await terminal.until((screen) => screen.includes(BANNER[0]!), "the banner");
  await world.until(async () => (await world.row(localId))?.stage === "done", "answered remotely");
  await terminal.until((screen) => screen.includes(BANNER[1]!), "it waits for input again");
  expect(terminal.lines().slice(0, 4)).toEqual(BANNER);
  await terminal.until((screen) => screen.includes("from the phone"), "what happens meanwhile");
  terminal.resize(30, 12);
  await terminal.until((screen) => screen.startsWith(`┌${"─".repeat(28)}┐`), "redrawn for the new size");
  terminal.resize(80, 24);

  terminal.type("  ");
  await terminal.until((screen) => screen.includes("Demo agent") && !screen.includes("Remote mode"), "the terminal is back");
  await world.until(
    async () => (await world.api.sessions.get(world.sessionId)).agentState?.controlledByUser === true,
    "controlled by the user",
  );
  terminal.type("recall\r");
  await terminal.until(
    (screen) => screen.includes("You have said 3 things") && screen.trimEnd().endsWith("\n>"),
    "the agent remembers both",
  );
  await world.agentPid();
  terminal.type("\x04");
  expect(await terminal.exited).toMatchObject({ code: 0 });
  const session = await world.until(async () => {
    const found = await world.api.sessions.get(world.sessionId);
    return found.active ? null : found;
  }, "inactive");
  expect(session.metadata?.lifecycleState).toBe("completed");
  expect(
    checkHistory({ rows: await world.rows(), accepted: [{ localId, text: "say: from the phone" }], agent: world.agentRecord() }).filter(
      (violation) => violation.kind !== "output-doubled",
    ),
  ).toEqual([]);
}, 240_000);

test("the viewer goes away in the middle of a turn, the session process is killed: the terminal shows the same agent again", async () => {
  await using world = await createProcessWorld({ session: { startedBy: "terminal", startingMode: "local" } });
  const first = world.view();
  await first.until((screen) => screen.includes("Demo agent"), "the agent's own screen");
  await world.until(async () => (await world.api.sessions.get(world.sessionId)).metadata?.lifecycleState === "paused", "paused");
  const pid = await world.agentPid();
  first.type("slow 40 50\r");
  await first.until((screen) => screen.includes("chunk 3"), "the turn runs");
  first.kill();
  await world.killSession();
  const second = world.view();
  await second.until((screen) => screen.includes("chunk 40"), "the turn went on");
  await world.until(async () => JSON.stringify(await world.rows()).includes("chunk 40"), "and is in the history");
  expect(await world.agentPid()).toBe(pid);
  expect((await world.api.sessions.get(world.sessionId)).active).toBe(true);
}, 240_000);
