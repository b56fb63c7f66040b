import { expect, test } from "bun:test";
import { silentLogger } from "@hapi/platform";
import { createManualClock } from "@hapi/testkit";
import { createBus } from "../events/bus.ts";
import { Links } from "../rpc/links.ts";
import { prompt, scriptedLink } from "./delivery.case.ts";
import { Delivery } from "./delivery.ts";
import type { MessageStore } from "./store.ts";

test("a prompt that is taken back between being found and being marked does not go to the session", async () => {
  const clock = createManualClock();
  const links = new Links(() => clock.now());
  const heard: string[] = [];
  links.add(scriptedLink((localId) => heard.push(localId)));
  const rows = new Set(["a", "b", "c"]);
  const sent = new Set<string>();
  const store = {
    deliverable: async () => [...rows].map((name) => ({ sessionId: "s", namespace: "n", message: prompt(name), wake: true })),
    async markSent(_session: string, localIds: readonly string[]) {
      rows.delete("b");
      for (const localId of localIds) if (rows.has(localId)) sent.add(localId);
    },
    holderOf: async (_session: string, localId: string) => (sent.has(localId) ? ("session" as const) : ("hub" as const)),
  } as unknown as MessageStore;
  const delivery = new Delivery({ store, durable: async () => undefined, links, bus: createBus(silentLogger), clock, log: silentLogger });
  await delivery.deliverAll("s");
  expect(heard).toEqual(["a", "c"]);
  delivery.stop();
});

test("nothing goes to a session before the disk has it that it did: a loss of power must not make it look untouched", async () => {
  const clock = createManualClock();
  const links = new Links(() => clock.now());
  const happened: string[] = [];
  links.add(scriptedLink((localId) => happened.push(`sent ${localId}`)));
  const store = {
    deliverable: async () => [{ sessionId: "s", namespace: "n", message: prompt("a"), wake: true }],
    markSent: async () => void happened.push("marked"),
    holderOf: async () => "session" as const,
  } as unknown as MessageStore;
  const durable = async (): Promise<void> => void happened.push("on the disk");
  const delivery = new Delivery({ store, durable, links, bus: createBus(silentLogger), clock, log: silentLogger });
  await delivery.deliverAll("s");
  expect(happened).toEqual(["marked", "on the disk", "sent a"]);
  delivery.stop();
});
