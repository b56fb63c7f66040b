import { expect, test } from "bun:test";
import { silentLogger } from "@hapi/platform";
import { createManualClock } from "@hapi/testkit";
import { Schedule } from "./schedule.ts";
import type { MessageStore } from "./store.ts";

test("the clock ran ahead when the hub started and was set right: what falls due meanwhile is not passed over", async () => {
  const real = createManualClock();
  let aheadMs = 3 * 3_600_000;
  const clock = { now: () => real.now() + aheadMs, setTimer: real.setTimer.bind(real) };
  const due: number[] = [];
  const prompts: number[] = [];
  const store = {
    nextScheduled: async (after: number) => prompts.find((at) => at > after) ?? null,
    matured: async (after: number, until: number) => prompts.filter((at) => at > after && at <= until).map(() => "s"),
  } as unknown as MessageStore;
  const schedule = new Schedule({ store, clock, log: silentLogger, onDue: () => due.push(clock.now()) });
  aheadMs = 0;
  prompts.push(clock.now() + 60_000);
  schedule.look();
  await real.advance(61_000);
  expect(due).toEqual([prompts[0] as number]);
  schedule.stop();
});
