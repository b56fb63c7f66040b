/** A disk that is full for a moment: what it kept from going out goes out afterwards, by itself. */
import { expect, test } from "bun:test";
import { silentLogger } from "@hapi/platform";
import { createManualClock } from "@hapi/testkit";
import { createBus } from "../events/bus.ts";
import { Links } from "../rpc/links.ts";
import { prompt, scriptedLink } from "./delivery.case.ts";
import { Delivery } from "./delivery.ts";
import { Jobs } from "../jobs/jobs.ts";
import { openStores } from "../testing.ts";
import { dueJob, dueKind, schedule } from "./schedule.ts";
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
    holderOf: async () => "session" as const,
  } as unknown as MessageStore;
  const delivery = new Delivery({ store, durable: async () => undefined, links, bus: createBus(silentLogger), clock, log: silentLogger });
  await delivery.deliverAll("s").catch(() => undefined);
  expect(heard).toEqual([]);
  for (let second = 0; second < 20; second++) await clock.advance(1_000);
  expect(heard.slice(0, 2)).toEqual(["a", "b"]);
  delivery.stop();
});

test("a prompt whose time comes while the disk is full falls due when there is room, once", async () => {
  const clock = createManualClock(1_000);
  const { stores, close } = openStores({ now: () => clock.now(), log: silentLogger });
  await stores.sessions.create({ id: "s", namespace: "n", tag: "t", metadata: null, agentState: null });
  await stores.messages.enqueue("s", { localId: "p", content: {}, scheduledAt: 5_000, wake: false, holder: "hub" });
  await stores.jobs.put(dueJob("s", "p", 5_000));
  const isFull = fullFor(1);
  const due: string[] = [];
  const onDue = schedule({
    transaction: async (work) => {
      await isFull();
      return stores.transaction(work);
    },
    onDue: (id) => due.push(`${id} at ${clock.now()}`),
  });
  const jobs = new Jobs({ store: stores.jobs, clock, log: silentLogger }, { [dueKind]: onDue });
  jobs.start();
  for (let second = 0; second < 60; second++) await clock.advance(1_000);
  expect(due).toEqual(["s at 15000"]);
  await jobs.stop();
  await close();
});
