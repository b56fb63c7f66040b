/** What a dead host has left running is ended: its agents, and everything they started. Never what a living host runs. */
import { type Clock, bootId, delay, endFamily, isAlive } from "@hapi/platform/lean";
import { familyOf, readFamily, removeFamily, type HostFamily } from "./family-file.ts";

/** To remove a lock file, not to finish a build. */
const graceMs = 500;
const withinMs = 10_000;
/** The system closes the pipes of a dying process before it is dead. */
const dyingMs = 5_000;
const lookMs = 10;

/** `nothing`: there was nobody to end. `some-left`: they can't be ended (stuck in the kernel), or are not ours to end. */
export type LeftBehind = "host-lives" | "nothing" | "ended" | "some-left";

/** Repeatable, and may be done by several at once. */
export async function endLeftBehind(dir: string): Promise<LeftBehind> {
  const family = readFamily(dir);
  if (!family) return "nothing";
  if (isAlive(family.host) && isThisBoot(family)) return "host-lives";
  if (!isThisBoot(family)) {
    removeFamily(dir, family.mark);
    return "nothing";
  }
  const isClean = await endFamily(familyOf(family), { graceMs, withinMs });
  if (!isClean) return "some-left";
  removeFamily(dir, family.mark);
  return "ended";
}

/** For whoever noticed that the host is dying. */
export async function endAfterHost(dir: string, clock: Clock): Promise<LeftBehind> {
  const deadline = clock.now() + dyingMs;
  for (;;) {
    const outcome = await endLeftBehind(dir);
    if (outcome !== "host-lives" || clock.now() > deadline) return outcome;
    await delay(lookMs, { clock });
  }
}

/** After a restart of the machine the same pid with the same start time is somebody else. */
function isThisBoot({ bootId: then }: HostFamily): boolean {
  const now = bootId();
  return then === null || now === null || then === now;
}
