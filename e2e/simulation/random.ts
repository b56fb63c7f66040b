/** Chance from a seed. Every part of the world draws from a stream of its own, so that one part's extra draw does not change the others. */

export interface Chance {
  /** 0 ≤ value < 1. */
  next(): number;
  below(limit: number): number;
  between(from: number, to: number): number;
  is(probability: number): boolean;
  pick<T>(list: readonly T[]): T;
  fork(name: string): Chance;
}

export function chanceOf(seed: number, name = ""): Chance {
  let state = mix(seed, name);
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    next,
    below,
    between: (from, to) => from + below(to - from + 1),
    is: (probability) => next() < probability,
    pick: <T>(list: readonly T[]) => list[below(list.length)] as T,
    fork: (more) => chanceOf(seed, `${name}/${more}`),
  };
}

/** FNV-1a over the name, begun from the seed. */
function mix(seed: number, name: string): number {
  let hash = (seed ^ 0x811c9dc5) >>> 0;
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193) >>> 0;
  return Math.imul(hash ^ (hash >>> 16), 0x85ebca6b) >>> 0;
}
