/** What the hub hears of a prompt is never ahead of the ledger: after a crash nobody could tell it how that ended. */
import { expect, test } from "bun:test";
import type { SessionLink, StageReport } from "@hapi/client/link";
import type { PromptEntry } from "./ledger-state.ts";
import { createStageReports } from "./stage-reports.ts";

const prompt: PromptEntry = { localId: "p1", messageId: "m1", seq: 1, at: 1, text: "", attachments: [], stage: "started", stageAt: 2 };

function listening(): { told: string[]; reports: ReturnType<typeof createStageReports> } {
  const told: string[] = [];
  const link = {
    connected: true,
    on: () => () => undefined,
    consumed: (localIds: readonly string[]) => void told.push(`consumed ${localIds.join()}`),
    sendStage: (report: StageReport) => Promise.resolve(void told.push(`${report.localId} ${report.stage}`)),
  } as unknown as SessionLink;
  const quiet = (): void => undefined;
  const state = { prompts: new Map() } as Parameters<typeof createStageReports>[0]["state"];
  return { told, reports: createStageReports({ state, link, log: { debug: quiet, info: quiet, warn: quiet } }) };
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
