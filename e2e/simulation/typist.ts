/**
 * A person at the terminal: types lines into Claude, leaves some half-typed, answers its dialogs, breaks turns off, takes the terminal back by space
 * twice, goes away and comes again. In the end they leave: what waits for them must not wait for ever.
 */
import type { SimHost } from "./host.ts";
import type { Chance } from "./random.ts";
import type { VirtualTime } from "./time.ts";

export interface TypistOptions {
  time: VirtualTime;
  plan: Chance;
  stormMs: number;
  host(): SimHost | null;
  /** Launches with a dialog on their screen. */
  asking: ReadonlySet<string>;
  tell(what: string): void;
}

export interface Typist {
  /** The world is calm: they go on for a while, and leave. */
  calm(): void;
}

const ME = "typist";
/** How long they stay at most once the world is calm. */
const STAY_MS = 30_000;

/** Words without digits, which are keys of a dialog. */
const words = (n: number): string => `note ${String.fromCharCode(97 + Math.floor(n / 26), 97 + (n % 26))}`;

export function createTypist({ time, plan, stormMs, host, asking, tell }: TypistOptions): Typist {
  const hand = plan.fork("hand");
  let lines = 0;
  let isGone = false;

  /** What is in front of them, as far as they sit there. */
  function screenNow(): SimHost["screen"] | null {
    const at = host();
    return at?.alive && at.screen.viewers.some(({ id }) => id === ME) ? at.screen : null;
  }

  function press(what: string, keys: readonly string[], pauseMs: number): void {
    const before = host();
    tell(`typist ${what}`);
    keys.forEach((key, at) =>
      time.after(at * pauseMs, () => {
        const screen = screenNow();
        if (host() === before) screen?.type(ME, key);
      }),
    );
  }

  function sit(): void {
    const at = host();
    if (isGone || !at?.alive) return;
    at.screen.attach(ME);
  }

  const isDialog = ({ display }: SimHost["screen"]): boolean => display.kind === "process" && asking.has(display.launchId);

  function write(screen: SimHost["screen"]): void {
    if (screen.display.kind !== "process" || isDialog(screen)) return;
    const text = words(lines++);
    const isEntered = !plan.is(0.12);
    press(
      `${isEntered ? "enters" : "half-types"} "${text}"`,
      [text.slice(0, 5), text.slice(5), ...(isEntered ? ["\r"] : [])],
      plan.pick([5, 40, 300]),
    );
  }

  function act(): void {
    const screen = screenNow();
    if (!screen) return sit();
    if (screen.display.kind === "controller") return press("wants the terminal back", [" ", " "], plan.pick([20, 300, 2_000]));
    const kind = plan.next();
    if (kind < 0.75) return write(screen);
    if (kind < 0.85 && !isDialog(screen)) return press("breaks off", ["\u001b"], 1);
    if (kind < 0.92) return write(screen);
    tell("typist leaves the desk");
    host()?.screen.detach(ME);
  }

  /** A dialog is answered in a while, or by somebody else. */
  function look(): void {
    time.after(hand.between(400, 4_000), () => {
      const screen = screenNow();
      if (screen && isDialog(screen) && hand.is(0.4)) press("answers the dialog", [hand.pick(["1", "1", "3", "\u001b"])], 1);
      if (!isGone) look();
    });
  }

  function leave(): void {
    tell("typist leaves for good");
    isGone = true;
    host()?.screen.detach(ME);
  }

  time.after(plan.between(0, 2_000), sit);
  look();
  for (let acts = plan.between(3, 12); acts > 0; acts--) {
    const at = plan.between(1_000, stormMs);
    time.after(at, act);
    // Somebody who types quickly does not wait for the answer.
    if (plan.is(0.3)) time.after(at + plan.between(100, 1_500), act);
  }
  return { calm: () => void time.after(plan.between(0, STAY_MS), leave) };
}
