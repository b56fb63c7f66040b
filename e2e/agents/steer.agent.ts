/** A prompt sent into a running turn: Claude takes it up at the next step of that turn, once, and both prompts end with it. */
import { expect, test } from "bun:test";
import { BANNER, shows } from "./tui.ts";
import { createWorld } from "./world.ts";

test("steering: the words reach the turn that runs, stand once in the conversation, and the queue is left alone", async () => {
  await using world = await createWorld();
  const { terminal, session } = await world.start("claude --hapi-starting-mode remote --permission-mode acceptEdits");
  await shows(terminal, BANNER);
  const chunks = Array.from({ length: 40 }, (_, at) => `piece ${at + 1} `);
  world.models.setScenario({ turns: [{ when: { user: "^go$" }, reply: [{ text: chunks, chunkMs: 50 }, { do: "write log.txt: done" }] }] });
  const { messages } = world.web.api;
  const first = await session.send("go");
  await world.web.until(() => session.stages(first).includes("started"), "it runs");
  const waits = await session.send("later");
  const steered = await session.send("rather this");
  expect(await messages.steer(session.id, steered)).toMatchObject({ status: "steered" });
  await session.finished(first);
  await session.finished(steered);
  await session.finished(waits);

  // Claude gives it to the model as its own note, so not only what stands there as the person's words counts.
  const turns = world.asked().map(({ messages: all }) => JSON.stringify(all));
  // The step after the tool's result is the first that could hold it.
  expect(turns.filter((words) => words.includes("rather this") && !words.includes('"later"')).length).toBeGreaterThan(0);
  expect((turns.at(-1) ?? "").split("rather this")).toHaveLength(2);
  await session.turns(2);
  expect(session.told.filter((line) => line.startsWith("ended"))).toHaveLength(2);
  expect(session.rows.find((row) => row.localId === steered)?.steered).toBe(true);
  expect(await messages.steer(session.id, steered)).toMatchObject({ status: "invoked" });
}, 480_000);
