/** What the parts of the driver contract share. */
import { AppError, type AgentEvent } from "@hapi/protocol";
import type { Ability, DriverFixture, PROMPTS } from "./world.ts";

export interface Cases {
  fixture: DriverFixture;
  say: typeof PROMPTS;
  /** `needs`: what the agent must be able to do; without it the test is skipped with the fixture's reason. */
  it(name: string, run: () => Promise<void>, needs?: Ability): void;
}

export const typesOf = (records: readonly AgentEvent[]) => records.map((record) => record.type);

export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return "none";
  } catch (cause) {
    return cause instanceof AppError ? cause.code : String(cause);
  }
}
