/** The stores' contract in memory: nothing in it asks for a certain database. */
import { silentLogger } from "@hapi/platform";
import { createBus } from "../../src/events/bus.ts";
import { MemoryDatabase } from "./memory/database.ts";
import { memoryStores } from "./memory/stores.ts";
import { type OpenedStores, storeContract } from "./store.case.ts";

storeContract("memory", (now) => {
  const database = new MemoryDatabase();
  const open = (): OpenedStores => {
    const bus = createBus(silentLogger);
    const stores = memoryStores({ database, bus, now });
    return { stores, bus, beside: open, close: () => stores.settled() };
  };
  return open();
});
