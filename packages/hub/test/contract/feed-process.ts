/** Takes facts and kills itself in the middle of one: for the test that nothing is missed by that. Ends by itself when it has taken the last one. */
import { appendFileSync } from "node:fs";
import { createFactFeed } from "../../src/facts/feed.ts";
import { openStores } from "../../src/testing.ts";
import { silentLogger, systemClock } from "@hapi/platform";

const [path = "", takenFile = "", killAt = "", last = ""] = process.argv.slice(2);
const { stores, bus, close } = openStores({ path, now: () => systemClock.now(), log: silentLogger });
let taken = 0;
const over = Promise.withResolvers<void>();
const feed = createFactFeed({ store: stores.facts, bus, clock: systemClock, log: silentLogger, settled: () => stores.settled() }, [
  {
    name: "killed",
    kinds: ["turn-started"],
    maxAgeMs: Number.POSITIVE_INFINITY,
    async take({ seq }) {
      taken += 1;
      appendFileSync(takenFile, `${seq}\n`);
      if (taken === Number(killAt)) process.kill(process.pid, "SIGKILL");
      if (seq === Number(last)) over.resolve();
    },
  },
]);
feed.start();
await over.promise;
await feed.stop();
await close();
