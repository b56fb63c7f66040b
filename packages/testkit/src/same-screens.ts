/**
 * "The terminal program is untouched": the same keys are given to a program started directly and to one started through HAPI, and the
 * screens must be equal, colours included. Used with ordinary programs here and with a real agent's TUI by its driver's suite.
 */
import { startTmux, type Tmux, type TmuxOptions } from "./tmux.ts";

/** One screen to compare: what is done before it, and when it has arrived. */
export interface ScreenStep {
  name: string;
  act?(terminal: Tmux): Promise<void>;
  /** On the text of the screen; absent: when nothing moves any more. */
  arrived?(screen: string): boolean;
}

export interface SameScreensOptions {
  direct: TmuxOptions;
  through: TmuxOptions;
  steps: readonly ScreenStep[];
  /** Takes out what is different by nature (clock, session id, temp folder). */
  normalize?(screen: string): string;
  quietMs?: number;
}

export interface ScreenDifference {
  step: string;
  direct: string;
  through: string;
}

/** Empty when all screens are equal. */
export async function compareScreens(options: SameScreensOptions): Promise<ScreenDifference[]> {
  const { normalize = (screen: string) => screen } = options;
  const direct = await walk(options.direct, options);
  const through = await walk(options.through, options);
  return options.steps.flatMap(({ name }, index) => {
    const [one, other] = [normalize(direct[index] ?? ""), normalize(through[index] ?? "")];
    return one === other ? [] : [{ step: name, direct: one, through: other }];
  });
}

async function walk(options: TmuxOptions, { steps, quietMs }: SameScreensOptions): Promise<string[]> {
  await using terminal = await startTmux(options);
  const screens: string[] = [];
  for (const { name, act, arrived } of steps) {
    await act?.(terminal);
    if (arrived) await terminal.until(arrived, { what: `screen "${name}"` });
    screens.push(await terminal.settled(quietMs));
  }
  return screens;
}
