/** Times and durations as a person types them: `+30m`, `90s`, `14:30`, `2026-11-21T09:00`. */
import { AppError, MAX_SCHEDULE_AHEAD_MS } from "@hapi/protocol";

const unitMs: Record<string, number> = { s: 1_000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 };

export function parseDuration(text: string, flag: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(min|[smhd])/g)];
  const isWhole = parts.length > 0 && parts.map(([part]) => part).join("") === text;
  const ms = parts.reduce((sum, [, count, unit]) => sum + Number(count) * (unitMs[unit ?? ""] ?? 0), 0);
  if (isWhole && ms > 0) return ms;
  throw new AppError("invalid_query", `${flag} must be a time like 90s, 10m or 1h30m, not "${text}".`);
}

/** @returns milliseconds since the epoch, in the future and at most a week ahead */
export function parseMoment(text: string, now: number): number {
  const at = text.startsWith("+") ? now + parseDuration(text.slice(1), "--at") : (clockTime(text, now) ?? dateTime(text));
  if (at <= now) throw new AppError("invalid_query", `--at must be in the future; ${said(at)} is over.`);
  if (at > now + MAX_SCHEDULE_AHEAD_MS) throw new AppError("invalid_query", `--at may be at most 7 days ahead; ${said(at)} is later.`);
  return at;
}

/** The next time the clock shows it. */
function clockTime(text: string, now: number): number | null {
  const match = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text);
  if (!match) return null;
  const at = new Date(now);
  at.setHours(Number(match[1]), Number(match[2]), 0, 0);
  if (at.getTime() <= now) at.setDate(at.getDate() + 1);
  return at.getTime();
}

function dateTime(text: string): number {
  const at = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}/.test(text) ? Date.parse(text.replace(" ", "T")) : Number.NaN;
  if (!Number.isNaN(at)) return at;
  throw new AppError("invalid_query", `--at must be a time like +30m, 14:30 or 2026-11-21T09:00, not "${text}".`);
}

/** As the person's clock shows it. */
export function said(at: number): string {
  const date = new Date(at);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}
