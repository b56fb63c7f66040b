/** Who is started when, for the prompts that wait: every refusal and every pause has an end. */
import { expect, test } from "bun:test";
import { silentLogger } from "@hapi/platform";
import { AppError } from "@hapi/protocol";
import { createManualClock } from "@hapi/testkit";
import type { MessageStore } from "../messages/store.ts";
import type { Resume } from "./resume.ts";
import type { SessionStore } from "./store.ts";
import { Waker } from "./waker.ts";

/** A hub with one session `s` on the machine `m` and what becomes of each of its starts. */
function hubWith(start: () => Promise<void> | void) {
  const clock = createManualClock(1_000_000);
  const row = { id: "s", namespace: "mine", active: false, metadata: { machineId: "m", host: "desk" } };
  const waiting = new Set(["s"]);
  let starts = 0;
  let canStart = true;
  const waker = new Waker({
    sessions: { get: async () => ({ ...row }) } as unknown as SessionStore,
    messages: {
      waitingToWake: async () => [...waiting],
      deliverable: async () => [],
      note: async () => undefined,
    } as unknown as MessageStore,
    resume: {
      async resume() {
        starts += 1;
        await start();
      },
    } as unknown as Resume,
    canStart: () => canStart,
    machineOf: async (machineId) => ({ namespace: machineId === "m" ? "mine" : "theirs", host: "desk" }),
    clock,
    log: silentLogger,
  });
  return {
    waker,
    clock,
    waiting,
    row,
    get starts() {
      return starts;
    },
    set machineReady(is: boolean) {
      canStart = is;
    },
    /** It was started and somebody ended it again, or it ended by itself. */
    async ends() {
      await waker.ended("s");
      await clock.advance(0);
    },
  };
}

test("a session that a person wakes and ends again and again is started each time: every start was good", async () => {
  const hub = hubWith(() => undefined);
  for (let n = 1; n <= 8; n++) {
    hub.waker.asked("s");
    await hub.clock.advance(1_000);
    expect(hub.starts).toBe(n);
    // Its prompt ran, and the person ended it.
    hub.waker.ran("s");
    hub.waiting.clear();
    await hub.ends();
    hub.waiting.add("s");
  }
  hub.waker.close();
});

test("a session that ends each time before it takes its prompt is not started for ever; the next prompt starts it anew", async () => {
  const hub = hubWith(() => undefined);
  hub.waker.asked("s");
  for (let n = 0; n < 10; n++) {
    await hub.clock.advance(1_000);
    await hub.ends();
  }
  expect(hub.starts).toBe(3);
  expect(hub.waker.stateOf("s")).toMatchObject({ state: "refused", code: "resume_failed" });
  hub.waker.asked("s");
  await hub.clock.advance(1_000);
  expect(hub.starts).toBe(4);
  hub.waker.close();
});

test("a conversation that is in use is tried again until it is free, however often, with growing pauses", async () => {
  let isFree = false;
  const hub = hubWith(async () => {
    if (isFree) return;
    // What the process of the failed start says on its way out comes before its failure is known.
    await hub.waker.ended("s");
    throw new AppError("resume_failed", "in use", { details: { cause: "thread_in_use" } });
  });
  hub.waker.asked("s");
  await hub.clock.advance(12_000);
  // 0 s, 2 s, 6 s: not three at once.
  expect(hub.starts).toBe(3);
  expect(hub.waker.stateOf("s")).toMatchObject({ state: "paused", code: "thread_in_use" });
  for (let n = 0; n < 10; n++) await hub.clock.advance(60_000);
  isFree = true;
  const before = hub.starts;
  await hub.clock.advance(60_000);
  expect(hub.starts).toBe(before + 1);
  expect(hub.waker.stateOf("s")).toBeNull();
  hub.waker.close();
});

test("a host that was killed while it started the agent: another one is started by itself", async () => {
  let isKilled = true;
  const hub = hubWith(async () => {
    if (!isKilled) return;
    await hub.waker.ended("s");
    throw new AppError("resume_failed", "gone", { details: { cause: "host_gone" } });
  });
  hub.waker.asked("s");
  await hub.clock.advance(1_000);
  isKilled = false;
  await hub.clock.advance(5_000);
  expect(hub.starts).toBe(2);
  expect(hub.waker.stateOf("s")).toBeNull();
  hub.waker.close();
});

test("nobody said why it did not come up: tried again, but not for ever", async () => {
  const hub = hubWith(() => {
    throw new AppError("resume_failed");
  });
  hub.waker.asked("s");
  for (let n = 0; n < 20; n++) await hub.clock.advance(60_000);
  expect(hub.starts).toBe(3);
  expect(hub.waker.stateOf("s")?.state).toBe("refused");
  hub.waker.close();
});

test("a machine that comes back takes up what was refused or pauses, once it can start sessions", async () => {
  let code: "no_machine_online" | "agent_not_installed" | null = "no_machine_online";
  const hub = hubWith(() => {
    if (code) throw new AppError(code);
  });
  hub.machineReady = false;
  hub.waker.asked("s");
  await hub.clock.advance(60_000);
  expect([hub.starts, hub.waker.stateOf("s")]).toEqual([1, null]);
  // It shows itself before its runner can start anything, or the other way round: only both together count.
  await hub.waker.machineReady("m");
  await hub.clock.advance(1_000);
  expect(hub.starts).toBe(1);
  code = "agent_not_installed";
  hub.machineReady = true;
  await hub.waker.machineReady("m");
  await hub.clock.advance(1_000);
  expect([hub.starts, hub.waker.stateOf("s")?.state]).toEqual([2, "refused"]);
  await hub.ends();
  expect(hub.starts).toBe(2);
  code = null;
  await hub.waker.machineReady("m");
  await hub.clock.advance(1_000);
  expect([hub.starts, hub.waker.stateOf("s")]).toEqual([3, null]);
  hub.waker.close();
});

test("a session that fails at each start is not started at every reconnect of its machine; a person, or its next prompt, begins anew", async () => {
  const hub = hubWith(() => {
    throw new AppError("resume_failed", "no", { details: { cause: "agent_exited" } });
  });
  hub.waker.asked("s");
  await hub.clock.advance(1_000);
  const reconnect = async (): Promise<void> => {
    await hub.waker.machineReady("m");
    await hub.clock.advance(5_000);
  };
  for (let n = 0; n < 20; n++) await reconnect();
  expect(hub.starts).toBe(4);
  // It waits for a person, and the reason is named.
  expect(hub.waker.stateOf("s")).toMatchObject({ state: "refused", code: "agent_exited" });
  hub.waker.asked("s");
  await hub.clock.advance(1_000);
  expect(hub.starts).toBe(5);
  await reconnect();
  expect(hub.starts).toBe(6);
  // After an hour the machine's return counts again.
  for (let n = 0; n < 5; n++) await reconnect();
  const before = hub.starts;
  await hub.clock.advance(61 * 60_000);
  await reconnect();
  expect(hub.starts).toBe(before + 1);
  hub.waker.close();
});

test("a session that starts and ends at once is not started at every reconnect either, and never waits for nothing", async () => {
  const hub = hubWith(() => undefined);
  for (let n = 0; n < 40; n++) {
    await hub.waker.machineReady("m");
    await hub.clock.advance(1_000);
    await hub.ends();
  }
  expect(hub.starts).toBeLessThanOrEqual(12);
  expect(hub.waker.stateOf("s")?.state).toBe("refused");
  hub.waker.close();
});

test("where its machine is gone again before it could be started nothing failed: each return starts it", async () => {
  const hub = hubWith(() => {
    throw new AppError("no_machine_online");
  });
  for (let n = 1; n <= 12; n++) {
    await hub.waker.machineReady("m");
    await hub.clock.advance(1_000);
    expect([hub.starts, hub.waker.stateOf("s")]).toEqual([n, null]);
  }
  hub.waker.close();
});

test("another process has the conversation: a machine that comes and goes does not make its pause shorter for ever", async () => {
  const hub = hubWith(() => {
    throw new AppError("resume_failed", "in use", { details: { cause: "thread_in_use" } });
  });
  hub.waker.asked("s");
  await hub.clock.advance(1_000);
  for (let n = 0; n < 60; n++) {
    await hub.waker.machineReady("m");
    await hub.clock.advance(1_000);
  }
  expect(hub.starts).toBeLessThanOrEqual(8);
  expect(hub.waker.stateOf("s")).toMatchObject({ state: "paused", code: "thread_in_use" });
  hub.waker.close();
});

test("the same computer under another registration counts as its machine", async () => {
  const hub = hubWith(() => undefined);
  hub.row.metadata.machineId = "before";
  await hub.waker.machineReady("m");
  await hub.clock.advance(1_000);
  expect(hub.starts).toBe(1);
  hub.waker.close();
});

test("a computer of somebody else that has the same name starts nothing", async () => {
  const hub = hubWith(() => undefined);
  await hub.waker.machineReady("theirs");
  await hub.clock.advance(1_000);
  expect(hub.starts).toBe(0);
  await hub.waker.machineReady("m");
  await hub.clock.advance(1_000);
  expect(hub.starts).toBe(1);
  hub.waker.close();
});

test("a session that ended with prompts of its own is started when its machine can do it, though no row waits; once it is up, no more", async () => {
  const hub = hubWith(() => {
    if (hub.starts === 1) throw new AppError("no_machine_online");
  });
  hub.waiting.clear();
  hub.machineReady = false;
  hub.waker.wakeHolder("s");
  await hub.clock.advance(1_000);
  expect(hub.starts).toBe(1);
  hub.machineReady = true;
  await hub.waker.machineReady("m");
  await hub.clock.advance(1_000);
  expect(hub.starts).toBe(2);
  hub.waker.cameUp("s");
  await hub.waker.machineReady("m");
  await hub.clock.advance(1_000);
  expect(hub.starts).toBe(2);
  hub.waker.close();
});
