/** The environment of a runner's process: what it says to the hub is in a file beside its state, not in it. */
import { join } from "node:path";
import {
  ensurePrivateDir,
  HUB_ACCESS_ENV,
  HUB_ACCESS_FILE,
  leaveHubAccess,
  runnerDir,
  withHubAccess,
  withoutHubAccess,
} from "@hapi/platform/lean";

type Env = Readonly<Record<string, string | undefined>>;

/** Repeatable: what the file of an earlier one says is kept. */
export function runnerEnv(home: string, env: Env): Record<string, string | undefined> {
  const known = withHubAccess(env, env[HUB_ACCESS_ENV]);
  const file = join(ensurePrivateDir(runnerDir(home)), HUB_ACCESS_FILE);
  const isLeft = leaveHubAccess(file, home, known);
  return { ...withoutHubAccess(known), ...(isLeft ? { [HUB_ACCESS_ENV]: file } : {}) };
}
