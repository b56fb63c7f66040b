/** kill -9 at seeded points: what any agent must come through, whatever its driver. */
import { expect } from "bun:test";
import { checkHistory, type History, seededRandom } from "@hapi/testkit";
import type { ProcessWorld } from "./process-world.ts";

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Approves everything that is asked, as a person with a phone would, through every outage. */
function approver(world: ProcessWorld): { stop(): Promise<void>; approved: Set<string> } {
  const approved = new Set<string>();
  let going = true;
  const loop = (async () => {
    while (going) {
      const session = await world.api.sessions.get(world.sessionId).catch(() => null);
      for (const id of Object.keys(session?.agentState?.requests ?? {})) {
        const answer = await world.api.permissions.approve(world.sessionId, id, { decision: "approved" }).catch(() => null);
        if (answer) approved.add(id);
      }
      await pause(30);
    }
  })();
  return {
    approved,
    async stop() {
      going = false;
      await loop;
    },
  };
}

export interface Round {
  seed: number;
  world: ProcessWorld;
  /** What the agent itself recorded. */
  record(): History["agent"];
  kills: number;
  /** Between two kills at most. */
  pauseMs: number;
}

/** One schedule: three prompts, each with streamed text and two permissions, under kills of the session process, the hub, or both. */
export async function faultRound({ seed, world, record, kills, pauseMs }: Round): Promise<void> {
  const next = seededRandom(seed);
  const texts = [1, 2, 3].map((n) =>
    [`say: a${n} of ${seed}`, `write f${n}.md: x`, `slow ${17 + n} 30`, `run: touch ${n}.txt`, `say: z${n} of ${seed}`].join("\n"),
  );
  const accepted: { localId: string; text: string }[] = [];
  // An agent that was killed in the middle of its own start is started again; from here on it must be the same one.
  await world.until(
    async () => (await world.api.sessions.get(world.sessionId)).metadata?.lifecycleState === "running",
    "the agent is ready",
  );
  const pid = await world.agentPid();
  for (const text of texts) accepted.push({ localId: await world.send(text), text });
  // Each text is said once in the whole round, as the checker needs it.
  const person = approver(world);
  for (let kill = 0; kill < kills; kill++) {
    await pause(next() * pauseMs);
    const what = next();
    if (what < 0.6) await world.killSession();
    if (what > 0.45) {
      await world.killHub();
      await pause(next() * 200);
      await world.startHub();
    }
  }
  await world.until(async () => {
    const rows = await world.rows();
    return accepted.every(({ localId }) => rows.find((row) => row.localId === localId)?.stage === "done");
  }, `seed ${seed}: all done`);
  await person.stop();
  expect({ seed, violations: checkHistory({ rows: await world.rows(), accepted, agent: record() }) }).toEqual({ seed, violations: [] });
  expect({ seed, pid: await world.agentPid() }).toEqual({ seed, pid });
  const session = await world.api.sessions.get(world.sessionId);
  expect(session.active).toBe(true);
  expect(Object.keys(session.agentState?.requests ?? {})).toEqual([]);
}
