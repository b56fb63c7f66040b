/**
 * From a seed: what is killed, when, and for how long it stays away, and what the networks do meanwhile. Any fifty seeds in a row meet every
 * target at every moment once.
 */
import { seededRandom } from "@hapi/testkit";
import type { Part } from "./world.ts";

export const TARGETS = {
  hub: ["hub"],
  session: ["session"],
  runner: ["runner"],
  viewer: ["viewer"],
  client: ["client"],
  agent: ["agent"],
  host: ["host"],
  network: [],
  "hub and session process": ["hub", "session"],
  "all but the host": ["hub", "runner", "session", "client"],
} as const satisfies Record<string, readonly Part[]>;
export type Target = keyof typeof TARGETS;

/** What takes the running turn with it. */
export const LETHAL: ReadonlySet<Target> = new Set<Target>(["agent", "host"]);

export const MOMENTS = [
  "before the first chunk",
  "mid stream",
  "with the permission open",
  "right after the approval",
  "at the end of the turn",
] as const;
export type Moment = (typeof MOMENTS)[number];

/** How the networks are all the time. */
export const WEATHERS = ["calm", "slow", "narrow", "flaky", "repeating"] as const;
export type WeatherName = (typeof WEATHERS)[number];

/** What happens to them at the moment of the strike. */
export const BLOWS = ["cut", "silent", "stranded", "slow reader"] as const;
export type Blow = (typeof BLOWS)[number];

export const NETS = ["machine", "clients"] as const;
export type NetName = (typeof NETS)[number];

export const SEEDS_FOR_ALL = Object.keys(TARGETS).length * MOMENTS.length;

export interface Fault {
  seed: number;
  target: Target;
  moment: Moment;
  /** How far into the stream, 0 to 1. */
  depth: number;
  /** After the moment has come. */
  delayMs: number;
  /** How long nobody starts it again. */
  awayMs: number;
  /** Struck once more as soon as it is back: in the middle of taking over. */
  again: boolean;
  weather: WeatherName;
  blow: Blow | null;
  nets: readonly NetName[];
  /** The prompt in the queue comes from `hapi send` on the machine, which leaves it to the runner when the hub does not answer. */
  byCommand: boolean;
}

export function faultOf(seed: number): Fault {
  const next = seededRandom(seed);
  const targets = Object.keys(TARGETS) as Target[];
  const target = targets[seed % targets.length] ?? "hub";
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)]!;
  const [depth, delayMs, awayMs] = [next(), next() * 40, next() * 250];
  const again = next() < 0.3 && !LETHAL.has(target);
  // Half of the time nothing disturbs the kill: then the kill alone must be survived.
  const weather = next() < 0.5 ? "calm" : pick(WEATHERS);
  const blow = target === "network" || next() < 0.25 ? pick(BLOWS) : null;
  const nets = pick<readonly NetName[]>([["machine"], ["clients"], NETS]);
  return {
    seed,
    target,
    moment: MOMENTS[Math.floor(seed / targets.length) % MOMENTS.length] ?? "mid stream",
    depth,
    delayMs,
    awayMs,
    again,
    weather,
    blow,
    nets,
    byCommand: next() < 0.3,
  };
}

/** In words, for the name of a test. */
export function wordsOf({ target, again, moment, weather, blow, nets, byCommand }: Fault): string {
  const network = [weather === "calm" ? "" : `${weather} weather`, blow ?? ""].filter((word) => word !== "").join(", ");
  const who = byCommand ? "; hapi send" : "";
  return `${target}${again ? " twice" : ""}, ${moment}${network === "" ? "" : `; ${network} (${nets.join(" and ")})`}${who}`;
}
