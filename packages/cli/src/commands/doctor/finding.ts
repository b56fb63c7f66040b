/** One line of what a doctor found, and how it is shown. */
import type { CommandContext } from "../../command.ts";
import { table } from "../../tui/terminal.ts";

export interface Finding {
  name: string;
  state: "ok" | "note" | "problem";
  /** With the next step, where there is one. */
  text: string;
}

/** What is found for a line whose name is known. */
export type Judgement = Omit<Finding, "name">;

export const ok = (text: string): Judgement => ({ state: "ok", text });
export const note = (text: string): Judgement => ({ state: "note", text });
export const problem = (text: string): Judgement => ({ state: "problem", text });

/** @param noteMark what stands before what may be as it is */
export function printFindings({ terminal, paint }: CommandContext, findings: readonly Finding[], noteMark: string): void {
  const mark = { ok: paint.good("✓"), note: paint.waiting(noteMark), problem: paint.bad("✗") };
  // Not cut: the next step stands at the end.
  terminal.out(
    table(
      findings.map(({ name, state, text }) => [mark[state], name, text]),
      Number.POSITIVE_INFINITY,
    ),
  );
}

export const exitCodeOf = (findings: readonly Finding[]): number => (findings.some(({ state }) => state === "problem") ? 1 : 0);
