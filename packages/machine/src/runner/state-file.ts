/** runner/state.json: which process is the runner of this home. Pid with start time, because pids are used again. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod/mini";
import { runnerDir } from "@hapi/platform";

export const RUNNER_STATE_FILE = "state.json";
/** How a runner ends that was asked to start again; 0 means that it was asked to stop. */
export const RESTART_EXIT_CODE = 75;

const schema = z.looseObject({
  pid: z.number(),
  startTime: z.nullable(z.string()),
  startedAt: z.number(),
  version: z.string(),
  hubUrl: z.string(),
});
export type RunnerStateFile = z.infer<typeof schema>;

/** Null when there is none or it can't be understood: then no runner is assumed, and its socket decides. */
export function readRunnerState(home: string): RunnerStateFile | null {
  let text: string;
  try {
    text = readFileSync(join(runnerDir(home), RUNNER_STATE_FILE), "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw cause;
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
