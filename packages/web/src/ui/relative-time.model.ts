/** "3 min ago" that stays true: the words, and when they stop being right. Pure; the clock is given. */
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;

const UNITS: readonly [limit: number, size: number, unit: Intl.RelativeTimeFormatUnit][] = [
  [HOUR, MINUTE, "minute"],
  [DAY, HOUR, "hour"],
  [WEEK, DAY, "day"],
];

export interface RelativeWords {
  text: string;
  /** Milliseconds until the text changes; null when it never will. */
  changesInMs: number | null;
}

export function relativeWords(at: number, now: number, locale: string): RelativeWords {
  const age = now - at;
  const distance = Math.abs(age);
  const format = new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "short" });
  if (distance < MINUTE) return { text: format.format(0, "second"), changesInMs: age >= 0 ? MINUTE - age : distance };
  for (const [limit, size, unit] of UNITS) {
    if (distance >= limit) continue;
    const count = Math.floor(distance / size);
    const rest = age >= 0 ? size - (distance % size) : (distance % size) + 1;
    return { text: format.format(age >= 0 ? -count : count, unit), changesInMs: rest };
  }
  const date = new Date(at);
  const sameYear = date.getFullYear() === new Date(now).getFullYear();
  return {
    text: date.toLocaleDateString(locale, { month: "short", day: "numeric", ...(sameYear ? {} : { year: "numeric" }) }),
    changesInMs: null,
  };
}

/** "8 s", "1 min 20 s", "2 h 5 min": a length of time, at most two units. */
export function durationWords(ms: number, locale: string): string {
  const unit = (value: number, name: "second" | "minute" | "hour") =>
    new Intl.NumberFormat(locale, {
      style: "unit",
      unit: name,
      unitDisplay: "short",
      maximumFractionDigits: name === "second" && ms < 10_000 ? 1 : 0,
    }).format(value);
  if (ms < MINUTE) return unit(Math.round(ms / (ms < 10_000 ? 100 : 1000)) / (ms < 10_000 ? 10 : 1), "second");
  const seconds = Math.round(ms / 1000);
  if (ms < HOUR) {
    const rest = seconds % 60;
    return rest === 0 ? unit(Math.floor(seconds / 60), "minute") : `${unit(Math.floor(seconds / 60), "minute")} ${unit(rest, "second")}`;
  }
  const minutes = Math.round(seconds / 60);
  const rest = minutes % 60;
  return rest === 0 ? unit(Math.floor(minutes / 60), "hour") : `${unit(Math.floor(minutes / 60), "hour")} ${unit(rest, "minute")}`;
}
