/**
 * What the words of Claude Code's vocabulary are decided to be. Each table beside this file lists one kind of word, from the programs' own code
 * (2.1.329 and 2.1.332); `tools/agents/vocabulary.ts` finds what a version has that no table names. Readers are typed by these tables: a word
 * that is shown or used has a reader, one that is ignored has none, and a word of no table is kept as a raw row and counted.
 */
export type Fate = "shown" | "used" | "ignored";

export interface Word {
  fate: Fate;
  /** How it is shown, what it is used for, or why it is ignored. */
  why: string;
  /** The first version that has it, where the oldest one here has not. */
  since?: string;
}

export type Words = Readonly<Record<string, Word>>;

export const shown = <const W extends string>(why: W) => ({ fate: "shown", why }) as const;
export const used = <const W extends string>(why: W) => ({ fate: "used", why }) as const;
export const ignored = <const W extends string>(why: W) => ({ fate: "ignored", why }) as const;

/** The same word for several names. */
export function each<const N extends string, W extends Word>(word: W, names: readonly N[]): Readonly<Record<N, W>> {
  return Object.fromEntries(names.map((name) => [name, word])) as Record<N, W>;
}

/** Names of a table that have one of these fates. */
export type Named<T extends Words, F extends Fate> = { [K in keyof T]: T[K]["fate"] extends F ? K : never }[keyof T] & string;

/** Undefined: nobody decided about it yet. */
export function wordOf(table: Words, name: unknown): Word | undefined {
  return typeof name === "string" && Object.hasOwn(table, name) ? table[name] : undefined;
}
