/** Live text is live: what the agent says is seen while it says it, also by whoever comes later, and is then stored once. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { decodeContent } from "@hapi/core";
import { delay } from "@hapi/platform";
import { type Watcher, watchHub } from "./watcher.ts";
import { createWorld, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await createWorld({ speed: 1 });
});
afterAll(() => world[Symbol.asyncDispose]());

/** Everything of the live text that the client has, in order of its offsets. */
function heard(watcher: Watcher, from: number): string {
  let text = "";
  for (const event of watcher.events.slice(from)) {
    if (event.type !== "stream" || event.kind !== "text") continue;
    expect(event.offset).toBeLessThanOrEqual(text.length);
    text = text.slice(0, event.offset) + event.delta;
  }
  return text;
}

test("slow 50 100: the first text is seen before the tenth chunk is said, all of it live, and stored once", async () => {
  const { watcher, sessionId } = world;
  const agent = await world.agentPid();
  const from = watcher.events.length;
  await world.send("slow 50 100");
  await watcher.event((event) => event.type === "stream" && event.kind === "text", "the first text", from);
  // The agent stands still from here on: what arrives now was said before the first text was seen.
  process.kill(agent, "SIGSTOP");
  const said = await quiet(() => heard(watcher, from));
  process.kill(agent, "SIGCONT");
  expect(said).toStartWith("chunk 1 ");
  expect(said).not.toContain("chunk 10 ");

  await watcher.event((event) => event.type === "stream" && event.delta.includes("chunk 25 "), "the middle", from);
  const late = await watchHub(world.api, sessionId);
  const soFar = await late.until((state) => Object.keys(state.windows[sessionId]?.streams ?? {}).length > 0, "the live text so far");
  const [buffer] = Object.values(soFar.windows[sessionId]?.streams ?? {});
  expect(buffer?.text).toStartWith("chunk 1 chunk 2 ");
  await late.stop();

  const whole = Array.from({ length: 50 }, (_, index) => `chunk ${index + 1} `).join("");
  await watcher.until(
    (state) => Object.keys(state.windows[sessionId]?.streams ?? { none: true }).length === 0,
    "the stored text takes the place of the live one",
  );
  expect(heard(watcher, from)).toBe(whole);
  const texts = (await world.rows())
    .flatMap((row) => decodeContent(row.content, { id: row.id }))
    .flatMap((event) => (event.type === "agent-message" ? [event.text] : []));
  expect(texts).toEqual([whole]);
});

/** The text once nothing has come for a while. */
async function quiet(look: () => string): Promise<string> {
  for (let last = look(); ;) {
    await delay(400);
    const now = look();
    if (now === last) return now;
    last = now;
  }
}
