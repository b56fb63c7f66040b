/** Which agents this machine can start; asked of each driver, kept for a short while because a look costs a process each. */
import type { AgentDriver } from "@hapi/agents";
import type { AgentAvailability } from "@hapi/protocol";
import { lookOutside } from "../session/written-folders.ts";

const KEPT_MS = 30_000;

export function createAvailability(
  drivers: () => readonly AgentDriver[],
  { home, env }: { home: string; env: Record<string, string> },
  now: () => number,
): () => Promise<AgentAvailability> {
  let kept: { at: number; answer: Promise<AgentAvailability> } | null = null;
  return () => {
    if (kept && now() - kept.at < KEPT_MS) return kept.answer;
    kept = { at: now(), answer: look(drivers(), lookOutside(home, env)) };
    return kept.answer;
  };
}

async function look(drivers: readonly AgentDriver[], { env, written }: ReturnType<typeof lookOutside>): Promise<AgentAvailability> {
  const agents = await Promise.all(
    drivers.map(async (driver) => {
      const { available, version, reason, hint } = await driver.detect(env, undefined, written);
      return {
        agent: driver.flavor,
        name: driver.displayName,
        available,
        capabilities: driver.capabilities,
        ...(version ? { version } : {}),
        ...(reason ? { reason } : {}),
        ...(hint ? { hint } : {}),
      };
    }),
  );
  return { agents };
}
