/** A disk that is full for a moment: what it kept from going out goes out afterwards, by itself. */
import { expect, test } from "bun:test";
import { silentLogger } from "@hapi/platform";
import { createManualClock } from "@hapi/testkit";
import { createBus } from "../events/bus.ts";
import { Links } from "../rpc/links.ts";
import { prompt, scriptedLink } from "./delivery.case.ts";
import { Delivery } from "./delivery.ts";
import { Schedule } from "./schedule.ts";
import type { MessageStore } from "./store.ts";

function fullFor(times: number): () => Promise<void> {
  let left = times;
  return async () => {
    if (left-- > 0) throw new Error("the disk is full");
  };
}

test("prompts that could not be marked as sent at the attach are sent when they can", async () => {
  const clock = createManualClock(1_000);
  const links = new Links(() => clock.now());
  const heard: string[] = [];
  links.add(scriptedLink((localId) => heard.push(localId)));
  const store = {
    deliverable: async () => ["a", "b"].map((name) => ({ sessionId: "s", namespace: "n", message: prompt(name), wake: true })),
    markSent: fullFor(2),
    wasSent: async () => true,
  } as unknown as MessageStore;
  const delivery = new Delivery({ store, durable: async () => undefined, links, bus: createBus(silentLogger), clock, log: silentLogger });
  await delivery.deliverAll("s").catch(() => undefined);
  expect(heard).toEqual([]);
  for (let second = 0; second < 20; second++) await clock.advance(1_000);
  expect(heard.slice(0, 2)).toEqual(["a", "b"]);
  delivery.stop();
});

test("schedules go on after a look that failed", async () => {
  const clock = createManualClock(1_000);
  const due: string[] = [];
  const mark = fullFor(1);
  const store = {
    nextScheduled: async (after: number) => (after < 5_000 ? 5_000 : null),
    matured: async () => {
      await mark();
      return ["s"];
    },
  } as unknown as MessageStore;
  const schedule = new Schedule({ store, clock, log: silentLogger, onDue: (id) => due.push(id) });
  schedule.look();
  for (let second = 0; second < 30; second++) await clock.advance(1_000);
  expect(due).toEqual(["s"]);
  schedule.stop();
});
