/** Times to send a prompt later: what is offered, what is possible, and how a time is said. Pure; local time of the device. */
import { MAX_SCHEDULE_AHEAD_MS } from "@hapi/protocol";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const EVENING = 18;
const MORNING = 9;
const MONDAY = 1;

export type PresetKey = "later.minutes" | "later.hours" | "later.evening" | "later.tomorrow" | "later.monday";

export interface Preset {
  key: PresetKey;
  at: number;
}

/** The given hour of the day that is `days` after today. */
function hourOf(now: number, days: number, hour: number): number {
  const date = new Date(now);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + days, hour).getTime();
}

export function presets(now: number): readonly Preset[] {
  const daysToMonday = (MONDAY - new Date(now).getDay() + 7) % 7 || 7;
  const evening = hourOf(now, 0, EVENING);
  const all: readonly Preset[] = [
    { key: "later.minutes", at: now + 30 * MINUTE },
    { key: "later.hours", at: now + 2 * HOUR },
    ...(evening - now > HOUR ? [{ key: "later.evening" as const, at: evening }] : []),
    { key: "later.tomorrow", at: hourOf(now, 1, MORNING) },
    ...(daysToMonday > 1 ? [{ key: "later.monday" as const, at: hourOf(now, daysToMonday, MORNING) }] : []),
  ];
  return all.filter((preset) => problemOf(preset.at, now) === null);
}

/** Why a prompt can't go out at this time. */
export function problemOf(at: number, now: number): "later.past" | "later.far" | null {
  if (!(at > now)) return "later.past";
  return at > now + MAX_SCHEDULE_AHEAD_MS ? "later.far" : null;
}

/** The value of a field for day and time: local, to the minute. */
export function fieldValue(at: number): string {
  const date = new Date(at);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** "14:03" today, "Sat 09:00" within a week, with the date beyond. */
export function clockWords(at: number, now: number, locale: string): string {
  const isToday = new Date(at).toDateString() === new Date(now).toDateString();
  const isNear = Math.abs(at - now) < 6 * DAY;
  return new Date(at).toLocaleString(locale, {
    hour: "2-digit",
    minute: "2-digit",
    ...(isToday ? {} : isNear ? { weekday: "short" } : { month: "short", day: "numeric" }),
  });
}
