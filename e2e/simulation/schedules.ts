/** Which schedules a run goes through. `HAPI_SIM_SEED=n HAPI_SIM_ROUNDS=1` plays one of them again. */
import { expect } from "bun:test";
import type { AgentKind } from "./agents.ts";
import type { Plant } from "./plants.ts";
import { type Outcome, runSchedule } from "./world.ts";

const number = (name: string, otherwise: number): number => {
  const value = Number(process.env[name] ?? otherwise);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${name} must be a whole number`);
  return value;
};

export const FIRST_SEED = number("HAPI_SIM_SEED", 1);
export const ROUNDS = number("HAPI_SIM_ROUNDS", 2_000);
export const CLAUDE_ROUNDS = number("HAPI_SIM_CLAUDE_ROUNDS", Math.min(ROUNDS, 100));

export const TERMINAL_ROUNDS = number("HAPI_SIM_TERMINAL_ROUNDS", Math.min(ROUNDS, 10));

/** What a person needs to see it again and to understand it. */
export function inWords({ seed, violations, errors, story }: Outcome): string {
  const found = [...violations.map(({ kind, what }) => `${kind}: ${what}`), ...errors];
  return [
    `HAPI_SIM_SEED=${seed} HAPI_SIM_ROUNDS=1`,
    ...found.map((line) => `  ! ${line.slice(0, 1_000)}`),
    ...story.map((line) => `    ${line}`),
  ].join("\n");
}

/** So many schedules may go by before a plant shows. */
const WITHIN = 400;

export async function findPlant({ plants, shows, from = 1 }: Plant, agent: AgentKind): Promise<void> {
  for (let seed = from; seed < from + WITHIN; seed++) {
    const planted = await runSchedule(seed, { agent, plants });
    if (!planted.violations.some(({ kind }) => shows.includes(kind))) continue;
    // It is the plant that was found: without it the same schedule is clean.
    const clean = await runSchedule(seed, { agent });
    expect(clean.violations.length === 0 ? "" : inWords(clean)).toBe("");
    return;
  }
  throw new Error(`${WITHIN} schedules went by, and nobody noticed`);
}
