/** A hub whose data is in no SQLite and answers a turn of the event loop later: what people ask of it, a time that comes, and a delete. */
import { expect, test } from "bun:test";
import { silentLogger } from "@hapi/platform";
import { createManualClock } from "@hapi/testkit";
import { createBus } from "../../src/events/bus.ts";
import { hubOn } from "../../src/testing.ts";
import { MemoryDatabase } from "./memory/database.ts";
import { memoryStores } from "./memory/stores.ts";

test("a hub runs on a database in memory", async () => {
  const clock = createManualClock();
  const bus = createBus(silentLogger);
  const stores = memoryStores({ database: new MemoryDatabase(), bus, now: () => clock.now() });
  const hub = hubOn({ stores, bus }, { clock, log: silentLogger });
  await hub.start();
  const told: string[] = [];
  bus.subscribe((events) => void told.push(...events.map(({ event }) => event.type)));

  const ask = async (bearer: string, method: string, path: string, body?: unknown): Promise<Record<string, unknown>> => {
    const headers = { authorization: `Bearer ${bearer}`, "content-type": "application/json" };
    const request = new Request(`http://hub${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const response = await hub.app.fetch(request);
    expect([path, response.status]).toEqual([path, 200]);
    return (await response.json()) as Record<string, unknown>;
  };
  const { token } = await ask("", "POST", "/api/auth", { accessToken: "x" });
  const api = (method: string, path: string, body?: unknown) => ask(String(token), method, `/api${path}`, body);

  const { session } = await ask("x", "POST", "/cli/sessions", { tag: "t", metadata: { path: "/p", host: "h", machineId: "m" } });
  const { id } = session as { id: string };
  await api("PATCH", `/sessions/${id}`, { name: "renamed" });
  await api("POST", `/sessions/${id}/messages`, { text: "now", localId: "l1", wake: true });
  await api("POST", `/sessions/${id}/messages`, { text: "later", localId: "l2", wake: true, scheduledAt: clock.now() + 60_000 });
  expect((await api("GET", `/sessions/${id}`))["session"]).toMatchObject({ metadata: { name: "renamed" } });
  const { messages } = await api("GET", `/sessions/${id}/messages?limit=50`);
  expect((messages as { localId: string }[]).map(({ localId }) => localId)).toEqual(["l1", "l2"]);

  // Due, it is to be started, and why that does not go is told at the prompt.
  const noted = Promise.withResolvers<void>();
  bus.subscribe((events) => {
    for (const { event } of events)
      if (event.type === "message-received" && event.message.localId === "l2" && event.message.stageDetail) noted.resolve();
  });
  await clock.advance(61_000);
  await noted.promise;
  await api("DELETE", `/sessions/${id}`);
  expect((await api("GET", "/sessions"))["sessions"]).toEqual([]);
  expect(told.filter((type) => type === "session-added" || type === "scheduled-matured" || type === "session-removed")).toEqual([
    "session-added",
    "scheduled-matured",
    "session-removed",
  ]);
  await hub.stop();
});
