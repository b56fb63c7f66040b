/** What was typed in the terminal, and what runs there, when a message from elsewhere takes over: nothing of it is lost, and nothing waits for what is over. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { delay } from "@hapi/platform/lean";
import { atPrompt, BANNER, enter, shows } from "./tui.ts";
import { createWorld, type World } from "./world.ts";

/** The person's own settings of Claude Code. */
function settings(world: World, value: Record<string, unknown>): void {
  mkdirSync(join(world.home, ".claude"), { recursive: true });
  writeFileSync(join(world.home, ".claude", "settings.json"), JSON.stringify(value));
}

/** Where Claude says how it is, one file for each process. */
const statusDir = (world: World): string => join(world.home, ".claude", "sessions");

const stopHook = (command: string): Record<string, unknown> => ({ hooks: { Stop: [{ hooks: [{ type: "command", command }] }] } });

test("a Stop hook of the person's own that takes four seconds: a message sent meanwhile waits for it and is not left waiting", async () => {
  await using world = await createWorld();
  settings(world, stopHook("sleep 4"));
  const { terminal, session } = await world.start();
  await atPrompt(terminal);
  await enter(terminal, "run: echo from the desk");
  await session.tells(/says: Done/);
  const localId = await session.send("say: from the phone");
  await session.finished(localId);
  expect(session.told).toEqual([
    ...[
      "typed: run: echo from the desk",
      "started",
      "calls: Bash",
      "result: completed",
      expect.stringContaining("says: Done"),
      "ended: completed",
    ],
    ...["switch: remote", "sent: say: from the phone", "started", "says: from the phone", "ended: completed"],
  ]);
  await shows(terminal, BANNER);
}, 480_000);

test("lines queued in the terminal behind a running turn are answered before a message from elsewhere takes over", async () => {
  await using world = await createWorld();
  const { terminal, session } = await world.start();
  await atPrompt(terminal);
  await enter(terminal, "slow 40 200");
  await session.tells("started");
  await enter(terminal, "say: queued one");
  await enter(terminal, "say: queued two");
  const localId = await session.send("say: from the phone");
  await session.finished(localId);
  expect(session.told.filter((line) => !line.startsWith("says: chunk"))).toEqual([
    ...["typed: slow 40 200", "started", "ended: completed"],
    ...["typed: say: queued one", "started", "typed: say: queued two", expect.stringMatching(/^says: queued/), "ended: completed"],
    ...["switch: remote", "sent: say: from the phone", "started", "says: from the phone", "ended: completed"],
  ]);
  const asked = world.lastConversation().join("\n");
  for (const text of ["queued one", "queued two", "from the phone"]) expect(asked.split(`say: ${text}`)).toHaveLength(2);
}, 480_000);

test("taken over at once: what waited in the terminal's queue is told, kept, and stands in the input line afterwards", async () => {
  await using world = await createWorld();
  const { terminal, session } = await world.start();
  await atPrompt(terminal);
  await enter(terminal, "slow 200 200");
  await session.tells("started");
  await enter(terminal, "say: queued behind");
  const localId = await session.send("say: me now");
  await world.web.until(() => session.value.agentState?.handoff?.waitsFor === "turn", "it waits");
  await world.web.api.sessions.switchControl(session.id, "remote", true);
  await session.finished(localId);
  expect(session.told).toContain(
    "notice: Claude Code had not taken up what was entered in the terminal: “say: queued behind”. It was not sent. These words stand in the input line when you take the terminal back.",
  );
  expect(world.lastConversation().join("\n")).not.toContain("queued behind");
  await terminal.keys("Space", "Space");
  await terminal.until((screen) => /^❯\ssay: queued behind/m.test(screen), { what: "the words in the input line", timeoutMs: 120_000 });
  await terminal.keys("Enter");
  await session.tells("says: queued behind");
  await session.idle();
  expect(world.lastConversation().join("\n").split("say: queued behind")).toHaveLength(2);
}, 480_000);

test("a half-typed line stands in the input line again when the terminal comes back, with what was typed at the remote screen", async () => {
  await using world = await createWorld();
  const { terminal, session } = await world.start();
  await atPrompt(terminal);
  await enter(terminal, "say: before");
  await session.tells("says: before");
  await session.idle();
  await terminal.type("say: half a 句子");
  await shows(terminal, "say: half a 句子");
  await session.finished(await session.send("say: from the phone"));
  expect(session.told).toContain(
    "notice: Half-typed in the terminal: “say: half a 句子”. These words stand in the input line when you take the terminal back.",
  );
  await shows(terminal, BANNER);
  await terminal.type("and more");
  await shows(terminal, "Not sent, kept for the terminal: and more");
  await terminal.keys("Space", "Space");
  await terminal.until((screen) => /^❯\ssay: half a 句子\s+and more/m.test(screen), {
    what: "the words in the input line",
    timeoutMs: 120_000,
  });
  await terminal.keys("Enter");
  await session.tells(/^typed: say: half a 句子\nand more/);
  await session.idle();
  expect(world.lastConversation().join("\n").split("half a 句子")).toHaveLength(2);
}, 480_000);

test("a line that was changed by keys of the terminal's own is not guessed at: that it is gone is said", async () => {
  await using world = await createWorld();
  const { terminal, session } = await world.start();
  await atPrompt(terminal);
  await terminal.type("say: abc");
  await shows(terminal, "say: abc");
  await terminal.keys("Left", "Left");
  await terminal.type("x");
  await shows(terminal, "say: axbc");
  await session.finished(await session.send("say: from the phone"));
  expect(session.told).toContain("notice: What stood half-typed in the terminal's input line could not be kept.");
  await terminal.keys("Space", "Space");
  await atPrompt(terminal);
  expect(await terminal.screen()).not.toContain("axbc");
}, 480_000);

/** A machine so busy that Claude does not get to its keyboard. */
async function standsStill(pid: number, until: () => Promise<unknown>): Promise<void> {
  process.kill(pid, "SIGSTOP");
  try {
    await until();
  } finally {
    process.kill(pid, "SIGCONT");
  }
}

test("a line entered just before a message from elsewhere, on a busy machine: it is answered first", async () => {
  await using world = await createWorld();
  const { terminal, session } = await world.start();
  await atPrompt(terminal);
  await terminal.type("say: entered just before");
  await shows(terminal, "say: entered just before");
  const { pid } = await world.agent(session.id);
  const sent = Promise.withResolvers<string>();
  await standsStill(pid, async () => {
    await terminal.keys("Enter");
    sent.resolve(await session.send("say: from the phone"));
    // Longer than a message waits for a quiet keyboard (3 s), and well within what a line counts as work (6 s).
    await delay(3_600);
  });
  await session.finished(await sent.promise);
  expect(session.told.filter((line) => !line.startsWith("switch"))).toEqual([
    ...["typed: say: entered just before", "started", "says: entered just before", "ended: completed"],
    ...["sent: say: from the phone", "started", "says: from the phone", "ended: completed"],
  ]);
}, 480_000);

test("lines that Claude does not take up in time are told, kept, and never at the model", async () => {
  await using world = await createWorld();
  const { terminal, session } = await world.start();
  await atPrompt(terminal);
  await terminal.type("say: never taken");
  await shows(terminal, "say: never taken");
  const { pid } = await world.agent(session.id);
  process.kill(pid, "SIGSTOP");
  await terminal.keys("Enter");
  await terminal.type("say: nor this");
  await terminal.keys("Enter");
  const localId = await session.send("say: from the phone");
  await session.finished(localId);
  expect(session.told.join("\n"), world.log()).toContain(
    "had not taken up what was entered in the terminal: “say: never taken”, “say: nor this”",
  );
  for (const words of ["never taken", "nor this"]) expect(world.lastConversation().join("\n")).not.toContain(words);
  await terminal.keys("Space", "Space");
  await terminal.until((screen) => /^❯\ssay: never taken\s+say: nor this/m.test(screen), {
    what: "the words in the input line",
    timeoutMs: 120_000,
  });
}, 480_000);

test.each([
  ["Claude has said how it is", false],
  ["Claude has not said how it is yet", true],
])(
  "lines entered while no session process is there (it was killed, or has not come up) are told by the next one; %s",
  async (_, isSilent) => {
    await using world = await createWorld();
    const { terminal, session } = await world.start();
    await atPrompt(terminal);
    const { pid } = await world.agent(session.id);
    process.kill(pid, "SIGSTOP");
    // On a busy machine its prompt is on the screen before its status file is there.
    if (isSilent) for (const name of readdirSync(statusDir(world))) rmSync(join(statusDir(world), name));
    await world.killSessionProcess(session.id);
    for (const words of ["say: unheard", "say: as well"]) {
      await terminal.type(words);
      await terminal.keys("Enter");
    }
    await world.until(async () => (await world.facts(session.id)).session.pid !== null, "the next session process");
    const localId = await session.send("say: from the phone");
    await session.finished(localId);
    expect(session.told.join("\n"), world.log()).toContain(
      "had not taken up what was entered in the terminal: “say: unheard”, “say: as well”",
    );
    for (const words of ["unheard", "as well"]) expect(world.lastConversation().join("\n")).not.toContain(words);
  },
  480_000,
);

test("taken back while messages wait: the terminal stays with the person, and they wait until it is given away", async () => {
  await using world = await createWorld();
  const { terminal, session } = await world.start();
  await atPrompt(terminal);
  await session.send("slow 20 200");
  const waits = await session.send("say: held");
  await shows(terminal, BANNER);
  await session.tells("started");
  await terminal.keys("Space");
  await shows(terminal, "Press space again to regain control; what waits in the queue is held meanwhile");
  await terminal.keys("Space");
  await atPrompt(terminal);
  await world.web.until(() => session.value.agentState?.handoff?.waitsFor === "terminal", "it is held, and says for whom");
  await enter(terminal, "say: at the desk");
  await session.tells("says: at the desk");
  await session.idle();
  // Longer than a message from elsewhere waits for the keyboard.
  await delay(4_500);
  expect(session.told).not.toContain("sent: say: held");
  await world.web.api.sessions.switchControl(session.id, "remote");
  await session.finished(waits);
  expect(session.value.agentState?.handoff ?? null).toBeNull();
}, 480_000);
