/** Which schedules a run goes through. `HAPI_SIM_SEED=n HAPI_SIM_ROUNDS=1` plays one of them again. */
import type { Outcome } from "./world.ts";

const number = (name: string, otherwise: number): number => {
  const value = Number(process.env[name] ?? otherwise);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${name} must be a whole number`);
  return value;
};

export const FIRST_SEED = number("HAPI_SIM_SEED", 1);
export const ROUNDS = number("HAPI_SIM_ROUNDS", 2_000);

/** What a person needs to see it again and to understand it. */
export function inWords({ seed, violations, errors, story }: Outcome): string {
  const found = [...violations.map(({ kind, what }) => `${kind}: ${what}`), ...errors];
  return [
    `HAPI_SIM_SEED=${seed} HAPI_SIM_ROUNDS=1`,
    ...found.map((line) => `  ! ${line.slice(0, 1_000)}`),
    ...story.map((line) => `    ${line}`),
  ].join("\n");
}
