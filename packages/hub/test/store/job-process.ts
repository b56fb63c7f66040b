/** Begins with the job on the file it is given, says so, and does nothing more: it waits to be killed. */
import { silentLogger, systemClock } from "@hapi/platform";
import { Jobs } from "../../src/jobs/jobs.ts";
import { openStores } from "../../src/testing.ts";

const [path = "", when = ""] = process.argv.slice(2);
const { stores } = openStores({ path, now: systemClock.now, log: silentLogger });
const say = (word: string): void => void process.stdout.write(`${word}\n`);
const jobs = new Jobs(
  { store: stores.jobs, clock: systemClock, log: silentLogger },
  {
    async k([job]) {
      if (when === "done" && job) await stores.jobs.done(job);
      say(when);
      await new Promise(() => undefined);
    },
  },
);
jobs.start();
