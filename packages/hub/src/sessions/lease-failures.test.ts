/** A disk that is full for a moment: who is there and who is not is true again as soon as there is room, by itself. */
import { expect, test } from "bun:test";
import { silentLogger } from "@hapi/platform";
import { createManualClock } from "@hapi/testkit";
import { MachinePresence, machineLeaseMs } from "../machines/presence.ts";
import type { MachineStore } from "../machines/store.ts";
import { leaseMs, SessionPresence } from "./presence.ts";
import type { SessionStore } from "./store.ts";

/** Writes nothing for so many times. */
function disk(full: number) {
  const written: unknown[] = [];
  const write = async (_id: string, change: unknown): Promise<void> => {
    if (full-- > 0) throw new Error("the disk is full");
    written.push(change);
  };
  return { written, write };
}

test("a session whose lease ran out while nothing could be written is ended once it can, and its prompts may wake it", async () => {
  const clock = createManualClock();
  const { written, write } = disk(2);
  const expired: string[] = [];
  const presence = new SessionPresence({
    store: { active: async () => [{ id: "s" }], get: async () => null, change: write } as unknown as SessionStore,
    clock,
    log: silentLogger,
    isStopped: async () => false,
  });
  presence.expired.hear((id) => expired.push(id));
  await presence.start();
  await clock.advance(leaseMs);
  expect([written, expired]).toEqual([[], []]);
  await clock.advance(leaseMs);
  expect(written).toMatchObject([{ active: false }]);
  expect(expired).toEqual(["s"]);
  expect(presence.isActive("s")).toBe(false);
  presence.stop();
});

test("a machine that comes, and one that goes, while nothing can be written", async () => {
  const clock = createManualClock();
  const { written, write } = disk(1);
  const online: string[] = [];
  const store = { active: async () => [], setActive: write, renewLease: async () => undefined } as unknown as MachineStore;
  const presence = new MachinePresence({ store, clock, log: silentLogger });
  presence.becameOnline.hear((id) => online.push(id));
  await presence.start();
  await expect(presence.alive("m", { time: clock.now() })).rejects.toThrow("full");
  expect(presence.isOnline("m")).toBe(false);
  await presence.alive("m", { time: clock.now() });
  expect(written).toMatchObject([{ active: true }]);
  expect(online).toEqual(["m"]);

  const going = disk(2);
  store.setActive = going.write;
  await clock.advance(2 * machineLeaseMs);
  expect(going.written).toMatchObject([{ active: false }]);
  expect(presence.isOnline("m")).toBe(false);
  presence.stop();
});
