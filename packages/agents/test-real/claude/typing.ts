/** How a person types into Claude's own terminal. */
import type { Rig } from "./rig.ts";

const PROMPT_SIGN = /\?forshortcuts|manualmode|❯/;
/** A key that a dialog took a second time stands in the line. */
const CLEAR_LINE = "\u0015";

export async function startLocal(rig: Rig, more: { threadId?: string } = {}): Promise<void> {
  await rig.start({ front: "local", ...more });
  await rig.shows(PROMPT_SIGN);
}

/** Text and Enter apart: together they would be a paste. */
export async function say(rig: Rig, text: string, { clear = true }: { clear?: boolean } = {}): Promise<void> {
  if (clear) await rig.type(CLEAR_LINE);
  await rig.type(text);
  await rig.shows(text.replace(/\s/g, ""));
  await rig.type("\r");
}
