/** What the hub hears of a prompt is never ahead of the ledger: after a crash nobody could tell it how that ended. */
import { expect, test } from "bun:test";
import type { SessionLink, StageReport } from "@hapi/client/link";
import { createManualClock, type ManualClock } from "@hapi/testkit";
import type { PromptEntry } from "./ledger-state.ts";
import { createStageReports } from "./stage-reports.ts";

const prompt: PromptEntry = {
  localId: "p1",
  messageId: "m1",
  seq: 1,
  at: 1,
  text: "",
  attachments: [],
  stage: "started",
  row: "taken",
  wish: "run",
  stageAt: 2,
};

function listening(failures = 0): { told: string[]; reports: ReturnType<typeof createStageReports>; clock: ManualClock } {
  const told: string[] = [];
  const link = {
    connected: true,
    on: () => () => undefined,
    consumed: (localIds: readonly string[]) => void told.push(`consumed ${localIds.join()}`),
    async sendStage(report: StageReport) {
      told.push(`${report.localId} ${report.stage}`);
      if (failures-- > 0) throw new Error("no answer");
    },
  } as unknown as SessionLink;
  const quiet = (): void => undefined;
  const state = { prompts: new Map() } as Parameters<typeof createStageReports>[0]["state"];
  const clock = createManualClock();
  return { told, clock, reports: createStageReports({ state, link, clock, log: { debug: quiet, info: quiet, warn: quiet } }) };
}

test("a stage is told when the ledger has it, in the words of the moment in which it was reached", async () => {
  const { told, reports } = listening();
  const written = Promise.withResolvers<void>();
  const changing = { ...prompt, stage: "handed" as const };
  reports.changed(changing, written.promise);
  Object.assign(changing, { stage: "started" });
  await new Promise((resolve) => setImmediate(resolve));
  expect(told).toEqual([]);
  written.resolve();
  await written.promise;
  expect(told).toEqual(["consumed p1", "p1 handed"]);
});

test("a stage that the disk did not take is told as long as this process lives", async () => {
  const { told, reports } = listening();
  const written = Promise.reject(new Error("full"));
  reports.changed(prompt, written);
  await written.catch((cause: unknown) => cause);
  expect(told).toEqual(["p1 started"]);
});

test("a stage that the hub did not confirm on a line that stands is said again, until it is or another one follows", async () => {
  const { told, reports, clock } = listening(2);
  reports.changed(prompt, Promise.resolve());
  await clock.advance(60_000);
  expect(told).toEqual(["p1 started", "p1 started", "p1 started"]);
  reports.close();
});

test("an end waits for what the hub has not confirmed yet", async () => {
  const { reports, clock } = listening(1);
  expect(reports.isConfirmed).toBe(true);
  await reports.confirmed();
  reports.changed(prompt, Promise.resolve());
  await new Promise((resolve) => setImmediate(resolve));
  expect(reports.isConfirmed).toBe(false);
  const all = reports.confirmed();
  await clock.advance(10_000);
  await all;
  expect(reports.isConfirmed).toBe(true);
});
