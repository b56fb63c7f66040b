/** From a seed: what is killed, when, and for how long it stays away. Any thirty seeds in a row meet every target at every moment once. */
import type { Part } from "./world.ts";

export const TARGETS = {
  hub: ["hub"],
  session: ["session"],
  runner: ["runner"],
  viewer: ["viewer"],
  "hub and session process": ["hub", "session"],
  "all at once": ["hub", "runner", "session"],
} as const satisfies Record<string, readonly Part[]>;

export const MOMENTS = [
  "before the first chunk",
  "mid stream",
  "with the permission open",
  "right after the approval",
  "at the end of the turn",
] as const;
export type Moment = (typeof MOMENTS)[number];

export const SEEDS_FOR_ALL = Object.keys(TARGETS).length * MOMENTS.length;

export interface Fault {
  seed: number;
  target: keyof typeof TARGETS;
  moment: Moment;
  /** How far into the stream, 0 to 1. */
  depth: number;
  /** After the moment has come. */
  delayMs: number;
  /** How long nobody starts it again. */
  awayMs: number;
  /** Struck once more as soon as it is back: in the middle of taking over. */
  again: boolean;
}

export function faultOf(seed: number): Fault {
  const next = random(seed);
  const targets = Object.keys(TARGETS) as (keyof typeof TARGETS)[];
  return {
    seed,
    target: targets[seed % targets.length] ?? "hub",
    moment: MOMENTS[seed % MOMENTS.length] ?? "mid stream",
    depth: next(),
    delayMs: next() * 40,
    awayMs: next() * 250,
    again: next() < 0.3,
  };
}

function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
