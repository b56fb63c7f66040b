/** All phases, in the order they run. */
import { approvals } from "./approvals.ts";
import { coldStart } from "./cold-start.ts";
import { crash } from "./crash.ts";
import { durability } from "./durability.ts";
import { fanOut } from "./fan-out.ts";
import { firstLoad } from "./first-load.ts";
import { history } from "./history.ts";
import { idle } from "./idle.ts";
import { ingest } from "./ingest.ts";
import type { Phase } from "./phase.ts";
import { prompts } from "./prompts.ts";
import { restart } from "./restart.ts";
import { sessions } from "./sessions.ts";
import { startup } from "./startup.ts";

export const phases: readonly Phase[] = [
  coldStart,
  durability,
  firstLoad,
  sessions,
  ingest,
  fanOut,
  prompts,
  approvals,
  history,
  restart,
  crash,
  idle,
  startup,
];
