/** On an empty hub: one session with the built-in agent, so that a newcomer has something to talk to. */
import { join } from "node:path";
import { createHubApi, type HubApi, machineCalls } from "@hapi/client";
import { delay, ensurePrivateDir, systemClock } from "@hapi/platform";
import { AppError, type Machine } from "@hapi/protocol";

const DEMO_FLAVOR = "demo";
const LOOK_AGAIN_MS = 150;

export interface DemoInput {
  url: string;
  token: string;
  home: string;
  deadlineMs: number;
}

/** @returns the session's id, or null when the hub has sessions already */
export async function startDemoOnEmptyHub(input: DemoInput): Promise<string | null> {
  const api = createHubApi({ baseUrl: input.url, accessToken: () => input.token });
  if ((await api.sessions.list()).length > 0) return null;
  const machine = await firstMachine(api, systemClock.now() + input.deadlineMs);
  // The launch id makes it one session, however often the hub is started before the first one is there.
  const directory = ensurePrivateDir(join(input.home, "demo"));
  const result = await machineCalls(api).spawn(machine.id, { directory, agent: DEMO_FLAVOR, launchId: "first-demo" });
  if (result.type === "success") return result.sessionId;
  throw new AppError("spawn_failed", "message" in result && typeof result.message === "string" ? result.message : undefined);
}

async function firstMachine(api: HubApi, deadline: number): Promise<Machine> {
  while (systemClock.now() < deadline) {
    const [machine] = await api.machines.list();
    if (machine) return machine;
    await delay(LOOK_AGAIN_MS, { clock: systemClock });
  }
  throw new AppError("no_machine_online", "This machine's runner did not come up in time. See: hapi runner logs");
}
