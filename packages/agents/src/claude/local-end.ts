/**
 * Ends what a Claude in the terminal does, and the program: by keys that a person would press too, then by signals. What was entered just before is
 * waited for until Claude shows that it has it, so that it can be said what was not sent.
 */
import type { HostProcess } from "@hapi/host";
import { delay, LATE, within } from "@hapi/platform/lean";
import type { Core } from "./core.ts";
import { LOOK_MS, type LocalLook } from "./local-look.ts";
import type { OwnStatus } from "./own-status.ts";
import type { TypedWords } from "./typed-words.ts";

const TERM_WAIT_MS = 3_000;
const ESC_WAIT_MS = 3_000;
const ESCAPE = "\u001b";
/** Takes everything out of the terminal's own queue, back into its input line. */
const UP = "\u001b[A";
const POP_WAIT_MS = 3_000;
/** A line that was entered just now: so long until Claude shows that it has it. */
const SHOW_WAIT_MS = 2_000;

export interface LocalEndParts {
  core: Core;
  process: HostProcess;
  own: OwnStatus;
  look: LocalLook;
  words: TypedWords;
}

/** What the terminal asks goes with the turn: that is no person's *No*. */
export async function escape({ core, process }: LocalEndParts): Promise<void> {
  await core.stopTurn();
  await process.write(ESCAPE);
}

/** SIGTERM resets the terminal's modes. `interrupt`: what runs is broken off first, instead of being waited for. */
export async function endTerminal(parts: LocalEndParts, options: { graceMs: number; interrupt: boolean }): Promise<void> {
  const { core, process, look, words } = parts;
  const { clock } = core.context;
  if (!look.isOver && look.verdict().because !== null) await untilRecord(parts, () => look.isAllShown, SHOW_WAIT_MS);
  look.decide();
  words.keep(look.turn.queue);
  if (!look.isOver && look.look().working) {
    if (options.interrupt) {
      await emptyQueue(parts);
      await escape(parts);
    }
    look.keepLooking();
    await within(clock, options.interrupt ? Math.min(options.graceMs, ESC_WAIT_MS) : options.graceMs, look.idle());
  }
  await core.stopTurn();
  await process.signal("SIGTERM");
  if ((await within(clock, TERM_WAIT_MS, process.exited)) === LATE) await process.signal("SIGKILL");
}

/** What waits behind the turn would run as soon as that is broken off. */
async function emptyQueue(parts: LocalEndParts): Promise<void> {
  const { process, own, look } = parts;
  if (look.turn.queue.length === 0 || own.read()?.status === "waiting") return;
  await process.write(UP);
  await untilRecord(parts, () => look.turn.queue.length === 0, POP_WAIT_MS);
}

async function untilRecord({ core, look }: LocalEndParts, says: () => boolean, withinMs: number): Promise<void> {
  const { clock } = core.context;
  for (const late = clock.now() + withinMs; ; await delay(LOOK_MS, { clock })) {
    await core.feed?.sync();
    if (look.isOver || says() || clock.now() >= late) return;
  }
}
