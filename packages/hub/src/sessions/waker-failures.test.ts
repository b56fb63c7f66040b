/** A disk that is full for a moment while a session is woken: it is woken once there is room, by itself. */
import { expect, test } from "bun:test";
import { silentLogger } from "@hapi/platform";
import { AppError } from "@hapi/protocol";
import { createManualClock } from "@hapi/testkit";
import type { MessageStore } from "../messages/store.ts";
import type { Resume } from "./resume.ts";
import type { SessionStore } from "./store.ts";
import { Waker } from "./waker.ts";

test.each([
  ["its machine did not answer, and that could not be told at the prompt", "rpc_timeout"],
  ["the start itself could not be written down", "database_full"],
] as const)("%s", async (_, code) => {
  const clock = createManualClock();
  let isFull = true;
  let starts = 0;
  const waker = new Waker({
    sessions: { get: async () => ({ id: "s", active: false, metadata: {} }) } as unknown as SessionStore,
    messages: {
      waitingToWake: async () => ["s"],
      deliverable: async () => [],
      note: async () => {
        if (isFull) throw new AppError("database_full");
      },
    } as unknown as MessageStore,
    resume: {
      async resume() {
        if (isFull) throw new AppError(code);
        starts += 1;
      },
    } as unknown as Resume,
    canStart: () => true,
    machineOf: async () => null,
    clock,
    log: silentLogger,
  });
  waker.wake("s");
  await clock.advance(30_000);
  expect(starts).toBe(0);
  isFull = false;
  await clock.advance(60_000);
  expect(starts).toBe(1);
  waker.close();
});

test.each([undefined, "rpc_result_invalid"])(
  "a start of which nobody says why it failed (%s) is tried again, and is told as what it is",
  async (reason) => {
    const clock = createManualClock();
    let starts = 0;
    const told: unknown[] = [];
    const waker = new Waker({
      sessions: { get: async () => ({ id: "s", active: false, metadata: {} }) } as unknown as SessionStore,
      messages: {
        waitingToWake: async () => ["s"],
        deliverable: async () => [],
        note: async (_id: string, _localIds: string[], detail: { code: string }) => void told.push(detail.code),
      } as unknown as MessageStore,
      resume: {
        async resume() {
          starts += 1;
          if (starts === 1) throw new AppError("resume_failed", "no", { details: reason === undefined ? {} : { cause: reason } });
        },
      } as unknown as Resume,
      canStart: () => true,
      machineOf: async () => null,
      clock,
      log: silentLogger,
    });
    waker.wake("s");
    await clock.advance(60_000);
    expect(starts).toBe(2);
    expect(told).toEqual([reason ?? "resume_failed"]);
    waker.close();
  },
);
