/**
 * Terminal and phone take turns on one conversation. How many handoffs: `HAPI_HANDOFFS` (default 50 each way); which: `HAPI_FAULT_SEED`, printed at
 * the start.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { delay } from "@hapi/platform/lean";
import { seededRandom, type Tmux } from "@hapi/testkit";
import { atPrompt, BANNER, enter, isAtPrompt, REGAIN, shows } from "./tui.ts";
import type { WebSession } from "./web.ts";
import { createWorld, type World } from "./world.ts";
import { watchWriters } from "./writers.ts";

const HANDOFFS = Number(process.env["HAPI_HANDOFFS"] ?? 50);
const SEED = Number(process.env["HAPI_FAULT_SEED"] ?? 20_261);

const isLocal = (session: WebSession): boolean =>
  session.value.metadata?.lifecycleState === "paused" && session.value.agentState?.controlledByUser === true;
const isRemote = (session: WebSession): boolean =>
  session.value.metadata?.lifecycleState === "running" && session.value.agentState?.controlledByUser === false;

test("a phone message takes over, is answered, space twice brings the terminal back with that turn, and typing works again", async () => {
  await using world = await createWorld();
  const { terminal, session } = await world.start();
  await atPrompt(terminal);
  await enter(terminal, "say: typed at the desk");
  await session.tells("ended: completed");
  const thread = session.value.metadata?.claudeSessionId;
  using watch = watchWriters(world.home, () => thread);

  const localId = await session.send("say: sent from the phone");
  await shows(terminal, BANNER);
  await shows(terminal, REGAIN);
  await session.finished(localId);
  expect(session.stages(localId)).toEqual(["handed", "in-transcript", "started", "done"]);
  await world.web.until(() => isRemote(session), "remote");
  await shows(terminal, "sent from the phone");

  await terminal.keys("Space", "Space");
  await atPrompt(terminal);
  await shows(terminal, "sent from the phone");
  await world.web.until(() => isLocal(session), "local");
  await enter(terminal, "say: typed again");
  await session.tells("says: typed again");
  await session.turns(3);
  expect(session.told).toEqual([
    ...["typed: say: typed at the desk", "started", "says: typed at the desk", "ended: completed"],
    ...["switch: remote", "sent: say: sent from the phone", "started", "says: sent from the phone", "ended: completed"],
    ...["switch: local", "typed: say: typed again", "started", "says: typed again", "ended: completed"],
  ]);
  expect(userTexts(world)).toEqual(["say: typed at the desk", "say: sent from the phone", "say: typed again"]);
  expect(session.value.metadata?.claudeSessionId).toBe(thread as string);
  expect(watch).toMatchObject({ most: 1, crowds: [] });
  expect(watch.sightings).toBeGreaterThan(10);
}, 480_000);

test("a phone message never breaks off what runs in the terminal: a turn, a shell command", async () => {
  await using world = await createWorld();
  const { terminal, session } = await world.start();
  await atPrompt(terminal);
  await enter(terminal, "slow 50 100");
  const first = await session.send("say: after the turn");
  await world.web.until(() => handoffOf(session)?.["waitsFor"] === "turn", "it waits for the turn");
  await session.finished(first);
  await session.turns(2);
  expect(session.told.filter((line) => !line.startsWith("says"))).toEqual([
    ...["typed: slow 50 100", "started", "ended: completed"],
    ...["switch: remote", "sent: say: after the turn", "started", "ended: completed"],
  ]);
  await terminal.keys("Space", "Space");
  await atPrompt(terminal);
  await world.web.until(() => isLocal(session), "local");

  await terminal.type("!");
  await enter(terminal, "sleep 6; touch not-broken-off");
  const second = await session.send("say: after the command");
  await session.finished(second);
  expect(existsSync(join(world.cwd, "not-broken-off"))).toBe(true);
}, 480_000);

test(
  `${HANDOFFS} handoffs each way under random messages`,
  async () => {
    process.stderr.write(`handoffs: ${HANDOFFS}, seed ${SEED}\n`);
    const next = seededRandom(SEED);
    await using world = await createWorld();
    const { terminal, session } = await world.start();
    await atPrompt(terminal);
    using watch = watchWriters(world.home, () => session.value.metadata?.claudeSessionId);
    const story = { world, terminal, session, next, sent: [] as Sent[], typed: [] as string[] };
    for (let round = 0; round < HANDOFFS; round++) {
      await toRemote(story, round);
      await toLocal(story, round);
    }
    const { sent, typed } = story;
    await giveBack(story);
    for (const { localId } of sent) await session.finished(localId);
    if (!isLocal(session)) await terminal.keys("Space", "Space");
    await world.web.until(() => isLocal(session) || null, "at the desk at the end");
    await atPrompt(terminal);
    typed.push("say: the last word");
    await enter(terminal, "say: the last word");
    await session.tells("says: the last word");
    await session.idle();

    expect(watch).toMatchObject({ most: 1, crowds: [] });
    const switches = session.told.filter((line) => line.startsWith("switch"));
    expect(switches.filter((line) => line === "switch: remote").length).toBeGreaterThanOrEqual(HANDOFFS);
    expect(switches).toEqual(switches.map((_, at) => (at % 2 === 0 ? "switch: remote" : "switch: local")));
    const texts = [...sent.map((one) => one.text), ...typed].toSorted();
    const { drawn } = session;
    const prompts = drawn.flatMap((line) => (/^(?:sent|typed): /.test(line) ? [line.slice(line.indexOf(" ") + 1)] : []));
    const answers = drawn.flatMap((line) => (line.startsWith("says: ") ? [`say: ${line.slice(6)}`] : []));
    expect(prompts.toSorted()).toEqual(texts);
    expect(answers).toEqual(prompts);
    // Each was put to the model once, and the last request carries them all, in the order of the web.
    expect(
      world
        .asked()
        .map((request) => request.user ?? "")
        .toSorted(),
    ).toEqual(texts);
    expect(userTexts(world)).toEqual(prompts);
  },
  120_000 + HANDOFFS * 15_000,
);

const handoffOf = (session: WebSession): Record<string, unknown> | undefined =>
  session.value.agentState?.["handoff"] as Record<string, unknown> | undefined;

/** What waited when the terminal was taken back goes on when it is given away. */
const isHeld = (session: WebSession): boolean => handoffOf(session)?.["waitsFor"] === "terminal";

async function giveBack({ world, session }: Story): Promise<void> {
  if (isHeld(session)) await world.web.api.sessions.switchControl(session.id, "remote");
}

interface Sent {
  localId: string;
  text: string;
}

interface Story {
  world: World;
  terminal: Tmux;
  session: WebSession;
  next: () => number;
  sent: Sent[];
  typed: string[];
}

async function say({ session, sent }: Story, text: string): Promise<void> {
  sent.push({ localId: await session.send(text), text });
}

/** By the web's button or by a message alone; messages before, during and after the change. */
async function toRemote(story: Story, round: number): Promise<void> {
  const { world, terminal, session, next, typed } = story;
  if (next() < 0.3) {
    const text = `say: typed in round ${round}`;
    typed.push(text);
    await enter(terminal, text);
    await session.tells(`says: ${text.slice(5)}`);
  }
  const count = Math.floor(next() * 3);
  const byButton = next() < 0.7;
  // A message alone waits until nobody has typed for three seconds; the button does not.
  const pressed = byButton ? world.web.api.sessions.switchControl(session.id, "remote") : null;
  for (let at = 0; at < count || (at === 0 && !byButton); at++) {
    await delay(next() * 400);
    await say(story, `say: round ${round} message ${at}`);
  }
  await pressed;
  await world.web.until(() => isRemote(session), `remote in round ${round}`);
  await shows(terminal, BANNER);
}

/** By the keyboard or the web's button; sometimes with a message that comes while the terminal is on its way back. */
async function toLocal(story: Story, round: number): Promise<void> {
  const { world, terminal, session, next, sent } = story;
  if (next() < 0.5) for (const { localId } of sent) await session.finished(localId);
  await delay(next() * 200);
  if (next() < 0.7) await terminal.keys("Space", "Space");
  else await world.web.api.sessions.switchControl(session.id, "local");
  if (next() < 0.2) {
    // It takes over again as soon as nobody has typed for a while, and the person takes the terminal back.
    await say(story, `say: round ${round} on the way`);
    const localId = sent.at(-1)?.localId ?? "";
    await world.web.until(() => session.stages(localId).at(-1) === "done" || isHeld(session), "it is answered, or held");
    await giveBack(story);
    await session.finished(localId);
    await terminal.keys("Space", "Space");
  }
  await world.web.until(() => isLocal(session), `local in round ${round}`);
  await terminal.until(isAtPrompt, { what: `Claude's prompt in round ${round}`, timeoutMs: 120_000 });
}

/** What people said, in the newest request to the model. */
function userTexts(world: World): string[] {
  const parts = (world.asked().at(-1)?.messages ?? []).flatMap((message) => (message.role === "user" ? message.parts : []));
  return parts.flatMap((part) => (part.text?.startsWith("say: ") ? [part.text.trim()] : []));
}
