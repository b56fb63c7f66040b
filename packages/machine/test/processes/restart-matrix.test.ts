/**
 * What is open, times which process is killed and comes back: after each, what was open is open, nothing is lost and nothing runs twice. A host
 * takes its agent with it: what ran then is shown as interrupted, what was asked is closed, what waited is done.
 */
import { afterAll, describe, expect, test } from "bun:test";
import { randomUUID } from "node:crypto";
import { cpSync, existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isAlive } from "@hapi/platform";
import { type AcceptedPrompt, checkHistory } from "@hapi/testkit";
import { createProcessWorld, type ProcessWorld } from "./process-world.ts";

const SLOW_MS = 60_000;

interface Restart {
  name: string;
  /** The agent goes with it. */
  endsAgent?: boolean;
  prepare?(world: ProcessWorld): Promise<void>;
  away(world: ProcessWorld): Promise<void>;
  back(world: ProcessWorld): Promise<void>;
}

/** Another session process than this one steers. */
async function nextProcess(world: ProcessWorld, starts: number): Promise<void> {
  await world.until(async () => {
    const { session, hasController } = await world.facts();
    return session.starts > starts && hasController;
  }, "the session process is back");
}

const databaseFiles = (dir: string): string[] => (existsSync(dir) ? readdirSync(dir) : []).filter((name) => name.startsWith("hub.sqlite"));

let startsBefore = 0;
const killSession = async (world: ProcessWorld): Promise<void> => {
  startsBefore = (await world.facts()).session.starts;
  await world.killSession();
};

const restarts: Restart[] = [
  { name: "hub", away: (world) => world.killHub(), back: (world) => world.startHub() },
  { name: "hub, back at another port", away: (world) => world.killHub(), back: (world) => world.startHub("elsewhere") },
  { name: "session process", away: killSession, back: (world) => nextProcess(world, startsBefore) },
  {
    name: "hub and session process",
    async away(world) {
      await world.killHub();
      await killSession(world);
    },
    async back(world) {
      await world.startHub();
      await nextProcess(world, startsBefore);
    },
  },
  {
    name: "host, where sessions are resumed",
    endsAgent: true,
    async prepare(world) {
      writeFileSync(join(world.root, "home", "settings.json"), JSON.stringify({ sessionPreservation: "resume", machineId: "machine-1" }));
    },
    async away(world) {
      await world.killHost();
    },
    async back(world) {
      await world.startRunner();
      await world.until(async () => (await world.facts()).hasController, "it is started again");
    },
  },
];

test(
  "a hub restored from an older copy: what it lost it hears again, as far as it was not acknowledged; the session goes on",
  async () => {
    await using world = await createProcessWorld();
    const home = join(world.root, "home");
    const copy = join(world.root, "copy");
    const before = await world.send(`say: before ${randomUUID()}`);
    await world.until(async () => (await world.row(before))?.stage === "done", "done");
    const waiting = await world.send("write asked.md: x");
    const asked = await world.until(
      async () => Object.keys((await world.api.sessions.get(world.sessionId)).agentState?.requests ?? {})[0],
      "a request",
    );
    await world.killHub();
    for (const name of databaseFiles(home)) cpSync(join(home, name), join(copy, name));
    await world.startHub();
    await world.until(() => world.api.permissions.approve(world.sessionId, asked, { decision: "approved" }), "approved");
    await world.until(async () => (await world.row(waiting))?.stage === "done", "done");
    await world.killHub();
    for (const name of databaseFiles(home)) rmSync(join(home, name));
    for (const name of databaseFiles(copy)) cpSync(join(copy, name), join(home, name));
    await world.startHub();
    // The copy still asks, and still thinks that the prompt runs.
    await world.until(async () => {
      const { agentState, active } = await world.api.sessions.get(world.sessionId);
      return active && Object.keys(agentState?.requests ?? {}).length === 0;
    }, "the request is closed there too");
    const after = await world.send(`say: after ${randomUUID()}`);
    await world.until(async () => (await world.row(after))?.stage === "done", "the session goes on");
    expect(world.agentRecord().ran).toHaveLength(3);
  },
  SLOW_MS,
);

test(
  "a hub that lost everything gets the session again and can steer it",
  async () => {
    await using world = await createProcessWorld();
    const home = join(world.root, "home");
    await world.until(async () => (await world.api.sessions.get(world.sessionId)).metadata?.lifecycleState === "running", "it runs");
    await world.killHub();
    for (const name of databaseFiles(home)) rmSync(join(home, name));
    await world.startHub();
    await world.until(async () => (await world.api.sessions.get(world.sessionId)).active, "it is there again");
    const localId = await world.send("write asked.md: x");
    const asked = await world.until(
      async () => Object.keys((await world.api.sessions.get(world.sessionId)).agentState?.requests ?? {})[0],
      "a request",
    );
    // `sent`: an agent that goes on only after some seconds, on a busy machine.
    expect(["applied", "sent"]).toContain((await world.api.permissions.approve(world.sessionId, asked, { decision: "approved" })).status);
    await world.until(async () => (await world.row(localId))?.stage === "done", "done");
  },
  SLOW_MS,
);

test(
  "deleted at the hub between two processes of it: the next one ends, with its agent and its host",
  async () => {
    await using world = await createProcessWorld();
    await world.until(async () => (await world.api.sessions.get(world.sessionId)).metadata?.lifecycleState === "running", "it runs");
    const { pid, startTime, session } = await world.facts();
    const agent = await world.agentPid();
    // Its host can't start the next one before the session is deleted.
    process.kill(pid, "SIGSTOP");
    try {
      process.kill(session.pid ?? 0, "SIGKILL");
      await world.api.sessions.end(world.sessionId);
      await world.api.sessions.remove(world.sessionId);
    } finally {
      process.kill(pid, "SIGCONT");
    }
    await world.until(async () => !isAlive({ pid, startTime }) && !isAlive({ pid: agent, startTime: null }), "nothing of it runs");
    expect(world.log()).toContain("hub.session_deleted");
    await expect(world.api.sessions.get(world.sessionId)).rejects.toMatchObject({ code: "session_not_found" });
  },
  SLOW_MS,
);

for (const restart of restarts) {
  describe(`kill -9 of the ${restart.name}`, () => {
    let shared: ProcessWorld | null = null;
    const accepted: AcceptedPrompt[] = [];
    afterAll(() => shared?.[Symbol.asyncDispose]());

    async function enter(): Promise<ProcessWorld> {
      shared ??= await createProcessWorld();
      await restart.prepare?.(shared);
      const world = shared;
      await world.until(async () => (await world.api.sessions.get(world.sessionId)).metadata?.lifecycleState === "running", "it runs");
      return world;
    }

    async function send(world: ProcessWorld, text: string): Promise<string> {
      const localId = await world.send(text);
      accepted.push({ localId, text });
      return localId;
    }

    const stage = (world: ProcessWorld, localId: string, wanted: string): Promise<unknown> =>
      world.until(async () => (await world.row(localId))?.stage === wanted, `${wanted}`);

    async function leave(world: ProcessWorld): Promise<void> {
      if (restart.endsAgent) await world.stopRunner();
      const agent = world.agentRecord();
      // Text that was still being written when its host died has no place to be read again from.
      const unheard = restart.endsAgent ? agent.said.filter((text) => text.startsWith("chunk 1 ")) : [];
      expect(checkHistory({ rows: await world.rows(), accepted, agent: { ...agent, unheard } })).toEqual([]);
    }

    const ended = restart.endsAgent ? "interrupted" : "done";

    test(
      "idle: it is active and running, and takes the next prompt",
      async () => {
        const world = await enter();
        await restart.away(world);
        await restart.back(world);
        await world.until(async () => {
          const { active, metadata } = await world.api.sessions.get(world.sessionId);
          return active && metadata?.lifecycleState === "running";
        }, "active and running");
        await stage(world, await send(world, `say: after ${randomUUID()}`), "done");
        await leave(world);
      },
      SLOW_MS,
    );

    test(
      "a running turn",
      async () => {
        const world = await enter();
        // Longer than a busy disk takes to write that it began: a turn that is written down as begun and done at once was never seen running.
        const localId = await send(world, `slow ${restart.endsAgent ? 401 : 151} 30`);
        await stage(world, localId, "started");
        await restart.away(world);
        await restart.back(world);
        await stage(world, localId, ended);
        await world.until(async () => !(await world.api.sessions.get(world.sessionId)).thinking, "it rests");
        await leave(world);
      },
      SLOW_MS,
    );

    test(
      "an open request",
      async () => {
        const world = await enter();
        const requests = async (): Promise<string[]> =>
          Object.keys((await world.api.sessions.get(world.sessionId)).agentState?.requests ?? {});
        const localId = await send(world, "write open.md: x");
        const asked = await world.until(async () => (await requests())[0], "a request");
        await restart.away(world);
        await restart.back(world);
        if (restart.endsAgent) {
          await world.until(async () => (await requests()).length === 0, "nobody is asked any more");
          await stage(world, localId, "interrupted");
          expect(await world.api.permissions.approve(world.sessionId, asked, { decision: "approved" })).toMatchObject({ status: "closed" });
        } else {
          await world.until(async () => (await requests()).join() === asked, "it is still asked");
          await world.until(() => world.api.permissions.approve(world.sessionId, asked, { decision: "approved" }), "the answer is taken");
          await stage(world, localId, "done");
        }
        // The state follows its stage in a message of its own.
        await world.until(async () => (await requests()).length === 0, "nothing is asked any more");
        await leave(world);
      },
      SLOW_MS,
    );

    test(
      "prompts that wait, and one that falls due meanwhile: each is done, once, in order",
      async () => {
        const world = await enter();
        const running = await send(world, `slow ${restart.endsAgent ? 402 : 152} 30`);
        const waiting = [await send(world, `say: first ${randomUUID()}`), await send(world, `say: second ${randomUUID()}`)];
        const text = `say: scheduled ${randomUUID()}`;
        const scheduled = randomUUID();
        const scheduledAt = Date.now() + 1_000;
        await world.api.messages.send(world.sessionId, { text, localId: scheduled, wake: true, scheduledAt });
        accepted.push({ localId: scheduled, text, scheduled: true });
        await stage(world, running, "started");
        await restart.away(world);
        await world.until(async () => Date.now() > scheduledAt + 200, "its time has come");
        await restart.back(world);
        await stage(world, running, ended);
        for (const localId of [...waiting, scheduled]) await stage(world, localId, "done");
        expect(world.agentRecord().ran.filter((ran) => ran === text)).toHaveLength(1);
        await leave(world);
      },
      SLOW_MS,
    );
  });
}
