/** How long ago, in the fewest letters a list has room for: "now", "14m", "3h", "2d", then a date. Pure. */
import { relativeWords } from "../../ui/relative-time.model.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;

const STEPS = [
  { below: HOUR, size: MINUTE, unit: "minute" },
  { below: DAY, size: HOUR, unit: "hour" },
  { below: WEEK, size: DAY, unit: "day" },
] as const;

export interface Age {
  text: string;
  /** Milliseconds until the text changes; null when it never will. */
  changesInMs: number | null;
}

/** A time ahead of this clock (two machines never agree) reads as now. */
export function ageWords(at: number, now: number, locale: string): Age {
  const age = Math.max(0, now - at);
  const { changesInMs, text } = relativeWords(Math.min(at, now), now, locale);
  const step = STEPS.find(({ below }) => age < below);
  if (age < MINUTE || !step) return { text, changesInMs };
  const count = Math.floor(age / step.size);
  return { text: new Intl.NumberFormat(locale, { style: "unit", unit: step.unit, unitDisplay: "narrow" }).format(count), changesInMs };
}
