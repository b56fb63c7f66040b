/**
 * The hub goes back in time under a living machine: backup, more turns, a second session, restore. The session process, the agent and the
 * listening client go on by themselves, what is served is the backup and what came after it, and no prompt runs twice.
 */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { decodeContent, isFinalStage } from "@hapi/core";
import { isAlive, runCommand } from "@hapi/platform";
import { createWorld, HAPI } from "./world.ts";

test("backup, more turns, restore on the running hub: everybody goes on, nothing runs twice, and it can be undone", async () => {
  await using world = await createWorld({ speed: 10 });
  const { api, home, sessionId, watcher, session } = world;
  const hapi = async (...words: string[]): Promise<Record<string, unknown>> => {
    const result = await runCommand([HAPI, "hub", ...words, "--json"], { env: world.env, cwd: home, timeoutMs: 240_000 });
    if (result.code !== 0) throw new Error(result.stderr);
    return JSON.parse(result.stdout) as Record<string, unknown>;
  };
  const texts = async (id: string): Promise<string[]> => {
    const { messages } = await api.messages.page(id, { limit: 200 });
    return messages
      .flatMap((row) => decodeContent(row.content, { id: row.id }))
      .flatMap((event) => (event.type === "agent-message" ? [event.text] : []));
  };
  const stage = (localId: string) => watcher.state.windows[sessionId]?.rows.find((row) => row.localId === localId)?.stage;
  const turn = async (text: string): Promise<void> => {
    const localId = crypto.randomUUID();
    await api.messages.send(sessionId, { text, localId });
    await watcher.until(() => isFinalStage(stage(localId) ?? "accepted"), `the end of: ${text}`);
  };
  await turn("say: one");
  const file = join(home, "before.sqlite");
  await hapi("backup", file);
  await turn("say: two");
  const young = await world.spawn();
  await world.until(async () => (await api.sessions.list()).some(({ id, active }) => id === young.id && active), "the second session");
  await api.sessions.rename(sessionId, "named after the backup");
  const agent = await session.find("agent");
  const process = await session.find("session");

  const restored = await hapi("restore", file, "--yes");
  expect(restored).toMatchObject({ isRunning: true, sessions: 1 });
  await watcher.until((state) => state.sessions[sessionId]?.metadata?.name === undefined, "the name as it was");
  // Both are there and alive, by themselves; the younger one without what was said in it.
  await world.until(async () => {
    const active = (await api.sessions.list()).filter((one) => one.active).map(({ id }) => id);
    return active.includes(sessionId) && active.includes(young.id);
  }, "both sessions are back");
  await watcher.until((state) => state.sessions[sessionId]?.active === true && young.id in state.summaries, "the client sees them");
  expect(await texts(sessionId)).toEqual(["one"]);
  await turn("say: three");
  expect(await texts(sessionId)).toEqual(["one", "three"]);
  await watcher.until(
    (state) => (state.windows[sessionId]?.rows ?? []).some((row) => JSON.stringify(row).includes("three")),
    "the listening client has it",
  );
  expect(watcher.state.windows[sessionId]?.rows.some((row) => JSON.stringify(row).includes("say: two"))).toBe(false);
  expect(agent !== null && isAlive(agent) && process !== null && isAlive(process)).toBe(true);
  const ran = (await world.history([])).agent.ran.filter((text) => text.startsWith("say:"));
  expect(ran).toEqual(["say: one", "say: two", "say: three"]);
  expect((await hapi("check"))["ok"]).toBe(true);

  await hapi("restore", String(restored["keptAs"]), "--yes");
  await watcher.until((state) => state.sessions[sessionId]?.metadata?.name === "named after the backup", "what was kept");
  await world.until(async () => (await api.sessions.list()).every((one) => one.active), "both are back again");
  expect(await texts(sessionId)).toEqual(["one", "two"]);
  await turn("say: four");
  expect(await texts(sessionId)).toEqual(["one", "two", "four"]);
}, 480_000);
