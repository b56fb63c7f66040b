/** Whoever asks for a sandbox gets one at least as tight, or a sentence that says why not; of a session that may have another one, or none. */
import { loadSettings } from "@hapi/platform/lean";
import { AppError } from "@hapi/protocol/errors";
import type { Box } from "./box.ts";

/** What is kept of a session that there is. */
interface Kept {
  sessionId: string;
  box?: Box | undefined;
}

const SETTING = "sandbox";

/** `sandbox` of the settings, for new sessions: `true`, or `"without network"`. @throws where that is another word: it may have meant a sandbox */
export function boxFor({ box, home }: { box?: Box | undefined; home: string }, existing: Kept | null | undefined): Box | undefined {
  if (box || existing) return box ?? existing?.box;
  const wanted = loadSettings(home)[SETTING] ?? false;
  if (wanted === false) return undefined;
  if (wanted === true || wanted === "without network") return { network: wanted === true };
  throw new AppError(
    "sandbox_unavailable",
    `settings.json says "${SETTING}": ${JSON.stringify(wanted)}, which means nothing. Say true, "without network" or false.`,
  );
}

/** What runs can't be put into a sandbox, or a tighter one. @throws `sandbox_unavailable` */
export function requireBoxWhileRunning(wish: Box | null | undefined, { sessionId, box }: Kept): void {
  if (!wish || (box && (wish.network || !box.network))) return;
  const short = sessionId.slice(0, 8);
  const how = box ? "in a sandbox with the network" : "without a sandbox";
  throw new AppError(
    "sandbox_unavailable",
    `Session ${short} runs already, ${how}, and that can't be changed while it runs. Stop it (hapi stop ${short}) and ask again, or start a new session.`,
  );
}

/** Both hold: what a session was begun in is not loosened by whoever wakes it. */
export const tighter = (one: Box | undefined, other: Box | undefined): Box | undefined =>
  one && other ? { network: one.network && other.network } : (one ?? other);
