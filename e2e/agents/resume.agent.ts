/**
 * Resume on real Claude Code: once however often it is asked for, on the same thread; and where the thread is gone, the real reason, nothing begun
 * anew by itself, and a new session that is told the history where a person asks for one.
 */
import { readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { machineCalls } from "@hapi/client";
import { threadKeyOf } from "@hapi/protocol";
import { type WebSession, webSession } from "./web.ts";
import { createWorld, type World } from "./world.ts";

async function endedSession(flavor = "claude"): Promise<{ world: World; session: WebSession; thread: string }> {
  const world = await createWorld();
  try {
    await world.startRunner();
    const [machine] = await world.web.api.machines.list();
    await machineCalls(world.web.api).spawn(machine?.id ?? "", { directory: world.cwd, agent: flavor, permissionMode: "default" });
    const session = await world.session();
    await session.ask("remember pineapple");
    const thread = String(session.value.metadata?.[threadKeyOf(flavor)]);
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

/**
 * What is offered instead: a new session, whose agent knows what was said from the first request on, also where that one fails and is sent again;
 * has it once, and then goes on from its own record. The old session stays as it was.
 */
async function goesOnWithItsHistory(world: World, session: WebSession, agent: { failing: string; asked(): string[] }): Promise<void> {
  const { sessions } = world.web.api;
  const before = await sessions.get(session.id);
  const told = [...session.told];
  const id = await sessions.fork(session.id, { from: "history" });
  expect(id).not.toBe(session.id);
  await world.web.until(() => world.web.state.windows[id]?.stale === false && world.web.state.sessions[id], "the new session");
  const next = webSession(world.web, id);
  expect(next.value.metadata).toMatchObject({ forkedFrom: session.id, lastStart: { how: "new" } });
  expect(next.told).toEqual(told);

  world.models.setScenario({
    turns: [{ when: { user: "words at capacity" }, error: { status: 529, message: "Selected model is at capacity" } }],
  });
  const first = await next.send(agent.failing);
  await next.finished(first, "failed");
  const people = (): string =>
    agent
      .asked()
      .filter((line) => line.startsWith("user: "))
      .join("\n");
  const begins = /<earlier-conversation>[\s\S]*## Person\nremember pineapple\n\n## Agent\n[\s\S]*<\/earlier-conversation>/;
  expect(people()).toMatch(begins);
  // What it carried is on disk: another session process neither loses it nor gives it again.
  await world.killSessionProcess(id);
  await sessions.retry(id);
  await next.finished(first);
  await next.ask("and on");
  expect(people()).toMatch(begins);
  for (const words of ["<earlier-conversation>", "## Person", agent.failing, "and on"])
    expect([words, people().split(words).length - 1]).toEqual([words, 1]);
  // Nobody reads it as what the person said.
  const sent = next.drawn.filter((line) => line.startsWith("sent: "));
  expect(sent).toEqual(["sent: remember pineapple", `sent: ${agent.failing}`, "sent: and on"]);
  expect(JSON.stringify(next.value.metadata)).not.toContain("earlier-conversation");
  await sessions.end(id);
  expect(await sessions.get(session.id)).toEqual(before);
  expect(session.told).toEqual(told);
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
}, 480_000);

test("the agent's own record is gone: the reason is said, at the call and at the prompt, the row stays, nothing is begun in its place", async () => {
  const { world, session, thread } = await endedSession();
  await using _ = world;
  const { sessions } = world.web.api;
  const path = transcript(world, thread);
  renameSync(path, `${path}.away`);
  const asked = world.asked().length;
  await expect(sessions.resume(session.id)).rejects.toMatchObject({
    code: "resume_failed",
    details: { cause: "resume_unavailable", offers: ["history"] },
  });
  await world.web.until(() => !session.value.active && session.value.metadata?.lifecycleState === "failed", "failed");
  expect(session.value.metadata).toMatchObject({ claudeSessionId: thread, failureCode: "resume_unavailable" });
  expect(await sessions.diagnostics(session.id)).toMatchObject({
    source: "hub",
    lastStart: { how: "resume", asked: thread, used: null, failure: { code: "resume_unavailable" } },
  });
  expect(world.asked().length).toBe(asked);
  await goesOnWithItsHistory(world, session, { failing: "the words at capacity", asked: () => world.lastConversation() });

  const askedSince = world.asked().length;
  const waits = await session.send("are you there");
  await world.web.until(
    () => world.web.state.windows[session.id]?.queued.find((row) => row.localId === waits)?.stageDetail?.code === "resume_unavailable",
    "the reason at the prompt",
  );
  expect(world.asked().length).toBe(askedSince);

  // Put back, everything goes on, with the prompt that waited.
  renameSync(`${path}.away`, path);
  await sessions.resume(session.id);
  await session.finished(waits);
  expect(world.lastConversation().join("\n").split("remember pineapple")).toHaveLength(3);
  expect(session.value.metadata?.claudeSessionId).toBe(thread);
}, 480_000);

test("the demo agent's own record is gone: it goes on in a new session that is told what was said", async () => {
  const { world, session, thread } = await endedSession("demo");
  await using _ = world;
  rmSync(join(world.home, ".local", "state", "hapi-demo", "threads", `${thread}.jsonl`));
  await expect(world.web.api.sessions.resume(session.id)).rejects.toMatchObject({
    code: "resume_failed",
    details: { cause: "resume_unavailable", offers: ["history"] },
  });
  await world.web.until(() => !session.value.active && session.value.metadata?.lifecycleState === "failed", "failed");
  await goesOnWithItsHistory(world, session, { failing: "fail 529 x1", asked: () => world.lastDemoConversation() });
}, 480_000);

test.each([
  ["claude", (world: World) => world.lastConversation()],
  ["demo", (world: World) => world.lastDemoConversation()],
] as const)(
  "%s is killed when it gets the history: it has it once all the same, whether that had arrived or not",
  async (flavor, asked) => {
    const { world, session } = await endedSession(flavor);
    await using _ = world;
    const { sessions } = world.web.api;
    const id = await sessions.fork(session.id, { from: "history" });
    await world.web.until(() => world.web.state.windows[id]?.stale === false && world.web.state.sessions[id], "the new session");
    const next = webSession(world.web, id);
    const agent = await world.agent(id);
    const first = await next.send("slow 40 250");
    await world.web.until(() => next.stages(first).includes("handed"), "handed");
    await world.kill(agent);
    // It had not arrived: it is handed again by itself. It had: its turn is interrupted.
    await world.web.until(() => next.stages(first).some((stage) => stage === "done" || stage === "interrupted"), "over");
    await next.ask("and on");
    const people = asked(world)
      .filter((line) => line.startsWith("user: "))
      .join("\n");
    expect(people).toContain("<earlier-conversation>");
    for (const words of ["<earlier-conversation>", "## Person\nremember pineapple", "and on"])
      expect([words, people.split(words).length - 1]).toEqual([words, 1]);
    // Begun, and lost before it was written down: that it is not repeated by itself is right.
    expect(people.split("slow 40 250").length - 1).toBeLessThanOrEqual(1);
    await sessions.end(id);
  },
  480_000,
);
