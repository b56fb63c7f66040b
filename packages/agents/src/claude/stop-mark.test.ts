import { expect, test } from "bun:test";
import { createManualClock } from "@hapi/testkit";
import type { DriverContext } from "../driver.ts";
import { createStopMark } from "./stop-mark.ts";

function world() {
  const kept = new Map<string, unknown>();
  const clock = createManualClock(100);
  const memory = {
    get: (key: string) => kept.get(key),
    commit: async (values: object) => void Object.entries(values).forEach(([key, value]) => kept.set(key, value)),
  };
  const context = { clock, memory, log: { warn() {} } } as unknown as DriverContext;
  return () => createStopMark(context);
}

test("a stop holds until a turn begins after it, also for a session process that starts in between", async () => {
  const open = world();
  await open().set();
  const restarted = open();
  // A turn from before the stop is read only now.
  restarted.turnBegan(99);
  expect(restarted.isSet).toBe(true);
  restarted.turnBegan(101);
  expect(restarted.isSet).toBe(false);
  expect(open().isSet).toBe(false);
});

test("a turn whose time is not known is a new one", async () => {
  const mark = world()();
  await mark.set();
  mark.turnBegan(0);
  expect(mark.isSet).toBe(false);
});
