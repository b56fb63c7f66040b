/**
 * Order of a prompt's stages. They go forward only, except that `unknown` gives way to what the agent's record says, and `failed` and
 * `interrupted` to `done` when the turn was tried again and came through.
 */
import type { PromptStage } from "@hapi/protocol";
import type { RowPromptState } from "./prompt-states.ts";

const rank: Record<PromptStage | RowPromptState, number> = {
  accepted: 0,
  queued: 0,
  handed: 1,
  unknown: 2,
  "in-transcript": 3,
  started: 4,
  failed: 5,
  interrupted: 5,
  done: 6,
};

export function isFinalStage(stage: PromptStage | RowPromptState): boolean {
  return rank[stage] >= 5;
}

/** May a prompt go from one stage to the other? The same stage again is no move. */
export function canAdvance<S extends PromptStage | RowPromptState>(from: S | null | undefined, to: S): boolean {
  return from === null || from === undefined || rank[to] > rank[from];
}

/** The later of the two; the first when they are equal in rank. */
export function laterStage<S extends PromptStage | RowPromptState>(current: S | null | undefined, next: S): S {
  return current === null || current === undefined || canAdvance(current, next) ? next : current;
}
