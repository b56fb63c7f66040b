/**
 * Ledgers of older versions, entry by entry, as this one writes them. Before there were `row` and `wish` a prompt had three marks: `told` (the hub
 * had heard that the agent has it), `unwanted`, and `hubKeeps` (taken back, and the hub still shows its row).
 */
import type { SessionPromptState } from "@hapi/core";
import { type LedgerEntry, type PromptEntry, type PromptRow, UNTOLD } from "./ledger-state.ts";

interface Marks {
  stage: SessionPromptState;
  told?: boolean;
  unwanted?: boolean;
  hubKeeps?: boolean;
}

type Marked = Omit<PromptEntry, "row" | "wish"> & Partial<Pick<PromptEntry, "row" | "wish">> & Omit<Marks, "stage">;

function rowOf({ stage, told, hubKeeps }: Marks): PromptRow {
  if (stage === "canceled") return hubKeeps ? "taken" : "gone";
  return told || !UNTOLD.has(stage) ? "taken" : "queued";
}

function promptOf({ told, unwanted, hubKeeps, ...prompt }: Marked): PromptEntry {
  const { row, wish } = prompt;
  return { ...prompt, row: row ?? rowOf({ stage: prompt.stage, told, hubKeeps }), wish: wish ?? (unwanted ? "back" : "run") };
}

export function asWritten(entry: LedgerEntry): LedgerEntry {
  switch (entry.k) {
    case "prompt":
    case "requeued":
      return { ...entry, prompt: promptOf(entry.prompt) };
    case "stage": {
      const { hubKeeps, ...written } = entry as typeof entry & Pick<Marks, "hubKeeps">;
      return written.stage === "canceled" && written.row === undefined
        ? { ...written, row: rowOf({ stage: "canceled", hubKeeps }) }
        : written;
    }
    case "snapshot":
      return { ...entry, state: { ...entry.state, prompts: entry.state.prompts.map(promptOf) } };
    default:
      return entry;
  }
}
