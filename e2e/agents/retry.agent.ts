/** What fails and is tried again: the conversation that goes on is the earlier one, proved by the model server's own log. */
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { AgentEvent } from "@hapi/protocol";
import { atPrompt, BANNER, enter, isAtPrompt, shows } from "./tui.ts";
import type { WebSession } from "./web.ts";
import { createWorld, type World, type WorldOptions } from "./world.ts";

type Ended = Extract<AgentEvent, { type: "turn-ended" }>;

async function remote(options: WorldOptions = {}, mode = "acceptEdits"): Promise<{ world: World; session: WebSession }> {
  const world = await createWorld(options);
  try {
    const { terminal, session } = await world.start(`claude --hapi-starting-mode remote --permission-mode ${mode}`);
    await shows(terminal, BANNER);
    return { world, session };
  } catch (cause) {
    await world[Symbol.asyncDispose]();
    throw cause;
  }
}

const often = (world: World, words: string): number => world.lastConversation().join("\n").split(words).length - 1;
const lastEnd = (session: WebSession): Ended | undefined =>
  session.history.findLast((event): event is Ended => event.type === "turn-ended");
const atCapacity = { status: 529, message: "Selected model is at capacity" };

async function failsWith(world: World, session: WebSession, localId: string): Promise<void> {
  await session.finished(localId, "failed");
  await session.tells("ended: failed");
  expect(lastEnd(session)).toMatchObject({ outcome: "failed", failure: { code: "overloaded", retryable: true, httpStatus: 529 } });
  await session.idle();
  expect(session.value).toMatchObject({ active: true, metadata: { lifecycleState: "running" } });
}

test("at capacity at once: the session lives, says what failed, and Retry sends the earlier conversation with the prompt once", async () => {
  const { world, session } = await remote();
  await using _ = world;
  const { sessions } = world.web.api;
  await session.ask("remember pineapple");
  world.models.setScenario({ turns: [{ when: { user: "failing-words" }, error: atCapacity }] });
  const failed = await session.send("failing-words");
  await failsWith(world, session, failed);
  const asked = world.asked().length;

  await sessions.retry(session.id);
  await session.finished(failed);
  expect(world.asked().length).toBe(asked + 1);
  expect(often(world, "remember pineapple")).toBe(2);
  expect(often(world, "failing-words")).toBe(1);
  expect(world.lastConversation().at(-1)).toBe("user: failing-words");
  await session.turns(3);
  expect(session.drawn).toEqual([
    ...["sent: remember pineapple", "says: Echo: remember pineapple", "ended: completed"],
    ...["sent: failing-words", "ended: failed", "says: Echo: failing-words", "ended: completed"],
  ]);
  await expect(sessions.retry(session.id)).rejects.toMatchObject({ code: "retry_unavailable", status: 409 });
  await session.ask("and on");
  expect(often(world, "failing-words")).toBe(2);
}, 480_000);

test("at capacity in the middle: what was done is not done again, across a kill -9 of the session process", async () => {
  const { world, session } = await remote();
  await using _ = world;
  await session.ask("remember mango");
  world.models.setScenario({
    turns: [
      { when: { user: "half-way" }, reply: [{ do: "write log.txt: once" }] },
      { when: { user: "half-way" }, error: atCapacity },
    ],
  });
  const failed = await session.send("half-way");
  await failsWith(world, session, failed);
  expect(readFileSync(join(world.cwd, "log.txt"), "utf8")).toBe("once");
  const agent = await world.agent(session.id);
  await world.killSessionProcess(session.id);
  await world.until(async () => (await world.facts(session.id)).hasController, "another session process");

  await world.web.api.sessions.retry(session.id);
  await session.finished(failed);
  await session.turns(3);
  expect(often(world, "remember mango")).toBe(2);
  expect(often(world, "half-way")).toBe(1);
  expect(session.told.filter((line) => line === "calls: Write")).toHaveLength(1);
  expect(session.drawn.filter((line) => line.startsWith("sent"))).toEqual(["sent: remember mango", "sent: half-way"]);
  expect(lastEnd(session)?.outcome).toBe("completed");
  expect(await world.agent(session.id)).toEqual(agent);
}, 480_000);

test("the model's own retries are told while they last", async () => {
  const { world, session } = await remote({ env: { CLAUDE_CODE_MAX_RETRIES: "3" } });
  await using _ = world;
  const localId = await session.send("fail 529 x1");
  await world.web.until(
    () => session.history.find((event) => event.type === "retrying" && event.failure.code === "overloaded"),
    "a retry is told",
  );
  await session.finished(localId);
  expect(session.told).toContain("says: Recovered after 1 failures.");
}, 480_000);

test("kill -9 of the agent in a turn: it is said, the session lives, Retry continues the same conversation", async () => {
  const { world, session } = await remote();
  await using _ = world;
  await session.ask("remember papaya");
  const thread = session.value.metadata?.claudeSessionId;
  const killed = await session.send("slow 100 50");
  await world.web.until(() => session.stages(killed).includes("started"), "it runs");
  const agent = await world.agent(session.id);
  await world.kill(agent);
  await session.finished(killed, "interrupted");
  await session.turns(2);
  expect(session.value).toMatchObject({ active: true, metadata: { lifecycleState: "running" } });
  await session.idle();

  const asked = world.asked().length;
  await world.web.api.sessions.retry(session.id);
  await session.finished(killed);
  await session.turns(3);
  expect(world.asked().length).toBe(asked + 1);
  expect(often(world, "remember papaya")).toBe(2);
  expect(often(world, "slow 100 50")).toBe(1);
  expect(session.drawn.filter((line) => line.startsWith("sent"))).toEqual(["sent: remember papaya", "sent: slow 100 50"]);
  expect(session.told.at(-1)).toBe("ended: completed");
  expect(session.value.metadata?.claudeSessionId).toBe(thread as string);
  expect(await world.agent(session.id)).not.toEqual(agent);
}, 480_000);

test("kill -9 of the session process in a turn: the agent goes on, nothing is lost or told twice", async () => {
  const { world, session } = await remote({}, "default");
  await using _ = world;
  const agent = await world.agent(session.id);
  const chunks = Array.from({ length: 40 }, (_, at) => `chunk ${at + 1} `);
  world.models.setScenario({
    turns: [
      { when: { user: "^go$" }, reply: [{ text: chunks, chunkMs: 50 }, { do: "run: touch asked-meanwhile" }] },
      { when: { user: "^go$" }, reply: "the end" },
    ],
  });
  const localId = await session.send("go");
  await world.web.until(
    () => Object.values(world.web.state.windows[session.id]?.streams ?? {}).some((buffer) => buffer.text.includes("chunk 3")),
    "live text",
  );
  await world.killSessionProcess(session.id);
  const request = await session.request();
  await world.killSessionProcess(session.id);
  expect(["applied", "pending"]).toContain((await world.web.api.permissions.approve(session.id, request.id)).status);
  await session.finished(localId);
  await session.turns(1);
  expect(existsSync(join(world.cwd, "asked-meanwhile"))).toBe(true);
  expect(session.drawn).toEqual([
    "sent: go",
    expect.stringMatching(/^says: chunk 1 .*chunk 40 $/),
    "completed: Bash touch asked-meanwhile",
    "says: the end",
    "ended: completed",
  ]);
  expect(await world.agent(session.id)).toEqual(agent);
  expect(world.web.events.filter((event) => event.type === "session-ended")).toEqual([]);
}, 480_000);

test("a turn typed in the terminal fails: Retry at the web takes over and finishes it, the terminal comes back with it", async () => {
  await using world = await createWorld();
  const { terminal, session } = await world.start();
  await atPrompt(terminal);
  const phone = await session.send("say: an earlier prompt of the phone");
  await shows(terminal, BANNER);
  await session.finished(phone);
  await terminal.keys("Space", "Space");
  await terminal.until(isAtPrompt, { timeoutMs: 120_000, what: "the terminal again" });
  world.models.setScenario({ turns: [{ when: { user: "typed-and-failed" }, error: atCapacity }] });
  await enter(terminal, "typed-and-failed");
  await session.tells("ended: failed");
  expect(lastEnd(session)?.failure).toMatchObject({ code: "overloaded", retryable: true });

  await world.web.api.sessions.retry(session.id);
  await session.tells("says: Echo: typed-and-failed");
  await session.turns(3);
  expect(often(world, "typed-and-failed")).toBe(1);
  expect(often(world, "an earlier prompt of the phone")).toBe(2);
  expect(session.drawn.filter((line) => line.startsWith("typed"))).toEqual(["typed: typed-and-failed"]);
  await terminal.keys("Space", "Space");
  await terminal.until(isAtPrompt, { timeoutMs: 120_000, what: "the terminal again" });
  await shows(terminal, "Echo: typed-and-failed");
}, 480_000);
