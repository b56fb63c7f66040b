/** Resume on real Claude Code: once however often it is asked for, on the same thread; and where the thread is gone, the real reason and nothing begun anew. */
import { readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import type { WebSession } from "./web.ts";
import { createWorld, type World } from "./world.ts";

async function endedSession(): Promise<{ world: World; session: WebSession; thread: string }> {
  const world = await createWorld();
  try {
    await world.startRunner();
    const [machine] = await world.web.api.machines.list();
    await world.web.api.machines.spawn(machine?.id ?? "", { directory: world.cwd, agent: "claude", permissionMode: "default" });
    const session = await world.session();
    await session.ask("remember pineapple");
    const thread = String(session.value.metadata?.claudeSessionId);
    await world.web.api.sessions.end(session.id);
    await world.web.until(() => !session.value.active, "ended");
    return { world, session, thread };
  } catch (cause) {
    await world[Symbol.asyncDispose]();
    throw cause;
  }
}

function transcript(world: World, thread: string): string {
  const projects = join(world.home, ".claude", "projects");
  const found = readdirSync(projects, { recursive: true }).find((name) => String(name).endsWith(`${thread}.jsonl`));
  if (found === undefined) throw new Error("no transcript");
  return join(projects, String(found));
}

test("asked for twice at once it is one start, of the same session on the same thread", async () => {
  const { world, session, thread } = await endedSession();
  await using _ = world;
  const { sessions } = world.web.api;
  expect(await Promise.all([sessions.resume(session.id), sessions.resume(session.id)])).toEqual([session.id, session.id]);
  expect(await sessions.resume(session.id)).toBe(session.id);
  // It answers when the agent is there.
  expect(await sessions.diagnostics(session.id)).toMatchObject({
    source: "session",
    threads: { hub: thread, record: thread, driver: thread },
    lastStart: { how: "resume", asked: thread, used: thread },
    agent: { running: true },
  });
  await session.ask("and on");
  const asked = world.lastConversation().join("\n");
  expect(asked.split("remember pineapple")).toHaveLength(3); // the prompt and its echo
}, 120_000);

test("the agent's own record is gone: the reason is said, at the call and at the prompt, the row stays, nothing is begun in its place", async () => {
  const { world, session, thread } = await endedSession();
  await using _ = world;
  const { sessions } = world.web.api;
  const path = transcript(world, thread);
  renameSync(path, `${path}.away`);
  const asked = world.asked().length;
  await expect(sessions.resume(session.id)).rejects.toMatchObject({ code: "resume_failed", details: { cause: "resume_unavailable" } });
  await world.web.until(() => !session.value.active && session.value.metadata?.lifecycleState === "failed", "failed");
  expect(session.value.metadata).toMatchObject({ claudeSessionId: thread, failureCode: "resume_unavailable" });
  expect(await sessions.diagnostics(session.id)).toMatchObject({
    source: "hub",
    lastStart: { how: "resume", asked: thread, used: null, failure: { code: "resume_unavailable" } },
  });
  const waits = await session.send("are you there");
  await world.web.until(
    () => world.web.state.windows[session.id]?.queued.find((row) => row.localId === waits)?.stageDetail?.code === "resume_unavailable",
    "the reason at the prompt",
  );
  expect(world.asked().length).toBe(asked);

  // Put back, everything goes on, with the prompt that waited.
  renameSync(`${path}.away`, path);
  await sessions.resume(session.id);
  await session.finished(waits);
  expect(world.lastConversation().join("\n").split("remember pineapple")).toHaveLength(3);
  expect(session.value.metadata?.claudeSessionId).toBe(thread);
}, 120_000);
