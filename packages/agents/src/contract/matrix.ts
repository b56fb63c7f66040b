/**
 * Which promise of the contract is which cell of `docs/agents-matrix.md`. A suite that `npm run test:agents` runs adds a line to the file that
 * `HAPI_AGENT_MATRIX` names for each that held; nothing is written elsewhere.
 */
import { appendFileSync } from "node:fs";
import type { DriverFixture } from "./world.ts";

/** Name of the test → the cell's column, in their order. */
export const FEATURES: Readonly<Record<string, string>> = {
  "a prompt: stages in order, the user's words, the answer, the end; streamed before it is recorded": "turn",
  "streams while it works": "stream",
  "allow: asked with the input, closed as approved, done": "approve",
  "deny: nothing is changed, the turn goes on, the reason arrives": "deny",
  "for this session: says what that covers, and does not ask again": "allow for session",
  "a question is asked as a question and the answer arrives": "question",
  "a plan is approved as a plan": "plan",
  "a to-do list is a plan with three entries": "todo",
  "interrupt ends the turn and the next prompt works": "abort",
  "model: listed, switched, confirmed": "model",
  "effort: listed with its model, in force from the next turn on, also after a resume; another word is refused": "effort",
  "permission mode: unknown refused, a mode that never asks does not ask": "mode",
  "stop and resume: the same thread, its memory, nothing told twice": "resume",
  "a failed turn is typed, the session lives, retry continues with the prompt standing once": "provider error, retry",
};

/** `lack`: why the agent does not offer it; that was shown. */
export function noteCell({ driver, version }: DriverFixture, name: string, lack?: string): void {
  const feature = FEATURES[name];
  const file = process.env["HAPI_AGENT_MATRIX"];
  if (feature === undefined || !file || version === undefined) return;
  const cell = { agent: driver.flavor, name: driver.displayName, version, feature, value: lack ?? "yes" };
  appendFileSync(file, `${JSON.stringify(cell)}\n`);
}
