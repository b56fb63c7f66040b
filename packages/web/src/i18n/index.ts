/**
 * Words of the interface. English is the type: every other catalog `satisfies` it, so a missing key does not compile.
 * English ships with the shell; other languages are loaded when chosen. Never build sentences from pieces: one key per sentence.
 */
import { useSyncExternalStore } from "react";
import { note } from "../ground/ignore.ts";
import { arrived } from "../ground/source.ts";
import { en } from "./en/index.ts";
import type { devices } from "./en/devices.ts";
import type { later } from "./en/later.ts";
import type { notices } from "./en/notices.ts";
import type { list } from "./en/list.ts";
import type { passkeys } from "./en/passkeys.ts";
import type { screens } from "./en/screens.ts";

/** A sentence with `{holes}`, or one form per plural category, chosen by `count`. */
export type Plural = { readonly one?: string; readonly other: string };
export type Entry = string | Plural;
export type CatalogOf<Source extends Record<string, Entry>> = {
  readonly [Key in keyof Source]: Source[Key] extends string ? string : Plural;
};

type Catalog = typeof en & typeof later & typeof list & typeof screens & typeof notices & typeof devices & typeof passkeys;
export type MessageKey = keyof Catalog;

type Holes<Text> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | Holes<Rest> : never;
type HolesOf<Value> = Value extends string ? Holes<Value> : Value extends { other: infer Other } ? Holes<Other> | "count" : never;
type Values<Key extends MessageKey> = { [Name in HolesOf<Catalog[Key]>]: string | number };
type Arguments<Key extends MessageKey> = HolesOf<Catalog[Key]> extends never ? [] : [values: Values<Key>];

export type Translate = <Key extends MessageKey>(key: Key, ...values: Arguments<Key>) => string;

export const LOCALES = ["en", "zh"] as const;
export type Locale = (typeof LOCALES)[number];

const STORAGE_KEY = "hapi_locale";
const loaders: Record<Exclude<Locale, "en">, () => Promise<CatalogOf<Catalog>>> = {
  zh: async () => (await arrived(import("./zh/index.ts"))).zh,
};

/** Grows by the words of later parts (`later.ts`, `list.ts`, `screens.ts`, `notices.ts`, `devices.ts`, `passkeys.ts`). */
const english: Partial<CatalogOf<Catalog>> = { ...en };
let catalog: Partial<CatalogOf<Catalog>> = english;
let locale: Locale = "en";
let plurals = new Intl.PluralRules("en");
let translate: Translate = bind();
const listeners = new Set<() => void>();

function fill(text: string, values: Record<string, string | number> | undefined): string {
  if (!values) return text;
  return text.replace(/\{(\w+)\}/g, (hole, name: string) => {
    const value = values[name];
    return value === undefined ? hole : typeof value === "number" ? value.toLocaleString(locale) : value;
  });
}

/** A new function per catalog, so that memoised components that take `t` as a dependency notice the change. */
function bind(): Translate {
  return (key, ...[values]) => {
    const entry: Entry | undefined = catalog[key];
    // an old catalog beside newer code (a cached chunk): the key is better than a broken screen
    if (entry === undefined) {
      note("no words for", key);
      return key;
    }
    const holes = values as Record<string, string | number> | undefined;
    if (typeof entry === "string") return fill(entry, holes);
    const form = plurals.select(Number(holes?.count ?? 0)) === "one" ? (entry.one ?? entry.other) : entry.other;
    return fill(form, holes);
  };
}

/** For code outside components; components use `useT` so that they follow a change of language. */
export const t: Translate = (key, ...values) => translate(key, ...values);

export function addWords(words: Partial<CatalogOf<Catalog>>): void {
  Object.assign(english, words);
}

export function currentLocale(): Locale {
  return locale;
}

/** For days and clocks: the browser's own variant of the language, so that who reads 14:03 elsewhere reads it here. */
export function dateLocale(): string {
  return typeof navigator !== "undefined" && navigator.language.startsWith(locale) ? navigator.language : locale;
}

export async function setLocale(next: Locale): Promise<void> {
  catalog = next === "en" ? english : await loaders[next]();
  locale = next;
  plurals = new Intl.PluralRules(next);
  translate = bind();
  if (typeof document !== "undefined") {
    document.documentElement.lang = next;
    localStorage.setItem(STORAGE_KEY, next);
  }
  for (const listener of listeners) listener();
}

/** The stored choice, else the browser's language, else English. */
export function preferredLocale(): Locale {
  const stored = localStorage.getItem(STORAGE_KEY);
  const wanted = stored ?? navigator.language;
  return LOCALES.find((candidate) => wanted === candidate || wanted.startsWith(`${candidate}-`)) ?? "en";
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useT(): Translate {
  return useSyncExternalStore(subscribe, () => translate);
}
