/** The session's prompts by where they are. */
import type { SessionPromptState } from "@hapi/core";
import type { PromptEntry } from "./ledger-state.ts";

type Prompts = ReadonlyMap<string, PromptEntry>;

const order = (a: PromptEntry, b: PromptEntry): number =>
  (a.seq ?? Number.MAX_SAFE_INTEGER) - (b.seq ?? Number.MAX_SAFE_INTEGER) || a.at - b.at;

/** In the hub's order. */
export function promptsIn(prompts: Prompts, ...stages: SessionPromptState[]): PromptEntry[] {
  return [...prompts.values()].filter((prompt) => stages.includes(prompt.stage)).sort(order);
}

/** Ids of those that are to be handed, in order. */
export const waitingIn = (prompts: Prompts): string[] => promptsIn(prompts, "queued").map((prompt) => prompt.localId);
