/** A process that is killed with a job in its hands: begun and not done, it is begun with again; done, it is done. */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@hapi/platform";
import { createManualClock } from "@hapi/testkit";
import { Jobs } from "../../src/jobs/jobs.ts";
import { leaseMs } from "../../src/jobs/store.ts";
import { openStores } from "../../src/testing.ts";

const scratch = mkdtempSync(join(tmpdir(), "hapi-jobs-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

async function killedWhen(when: "begun" | "done"): Promise<string[]> {
  const path = join(scratch, when);
  const before = openStores({ path, now: Date.now, log: silentLogger });
  await before.stores.jobs.put({ kind: "k", key: "a", due: Date.now() - 1 });
  await before.close();
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "job-process.ts"), path, when], { stdout: "pipe", stderr: "inherit" });
  const { value } = await child.stdout.getReader().read();
  expect(new TextDecoder().decode(value).trim()).toBe(when);
  child.kill("SIGKILL");
  await child.exited;

  const clock = createManualClock(Date.now());
  const { stores, close } = openStores({ path, now: () => clock.now(), log: silentLogger });
  const done: string[] = [];
  const jobs = new Jobs(
    { store: stores.jobs, clock, log: silentLogger },
    { k: async (some) => void done.push(...some.map(({ key, attempts }) => `${key} ${attempts}`)) },
  );
  jobs.start();
  await clock.advance(leaseMs / 2);
  // Whoever had it may still live.
  expect(done).toEqual([]);
  for (let round = 0; round < 3; round++) await clock.advance(leaseMs);
  await jobs.stop();
  expect(await stores.jobs.next("k")).toBeNull();
  await close();
  return done;
}

test("killed between beginning and end: once more after a restart, and then never again", async () => {
  expect(await killedWhen("begun")).toEqual(["a 2"]);
});

test("killed after the end: never again", async () => {
  expect(await killedWhen("done")).toEqual([]);
});
