/** What the palette offers for a query: sessions and places, best match first. Pure. */
import { isWaiting } from "@hapi/core";
import type { SessionSummary } from "@hapi/protocol";
import { projectPath, shortPath, titleOf } from "../../i18n/names.model.ts";
import { isArchived } from "../sessions/status.model.ts";

export const MAX_RESULTS = 30;

/** Letters of the query in order, better when they start words or stand together; 0 is no match. */
export function score(text: string, query: string): number {
  const haystack = text.toLowerCase();
  const needle = query.toLowerCase().trim();
  if (needle === "") return 1;
  const whole = haystack.indexOf(needle);
  if (whole !== -1) return 100 - Math.min(50, whole) + (whole === 0 || /\W/.test(haystack.charAt(whole - 1)) ? 40 : 0);
  let at = 0;
  let points = 0;
  for (const letter of needle.replaceAll(/\s+/g, "")) {
    const found = haystack.indexOf(letter, at);
    if (found === -1) return 0;
    points += found === 0 || /\W/.test(haystack.charAt(found - 1)) ? 3 : found === at ? 2 : 0;
    at = found + 1;
  }
  return points >= needle.length ? points : 0;
}

export interface PaletteSession {
  id: string;
  title: string;
  path: string;
  summary: SessionSummary;
}

export function paletteSessions(sessions: Iterable<SessionSummary>, query: string, untitled: string): PaletteSession[] {
  const found: { entry: PaletteSession; points: number }[] = [];
  for (const summary of sessions) {
    if (isArchived(summary)) continue;
    const entry = { id: summary.id, title: titleOf(summary) ?? untitled, path: shortPath(projectPath(summary)), summary };
    const points = Math.max(score(entry.title, query) * 2, score(entry.path, query));
    if (points > 0) found.push({ entry, points });
  }
  return found
    .sort(
      (a, b) =>
        b.points - a.points ||
        Number(isWaiting(b.entry.summary)) - Number(isWaiting(a.entry.summary)) ||
        b.entry.summary.updatedAt - a.entry.summary.updatedAt,
    )
    .slice(0, MAX_RESULTS)
    .map(({ entry }) => entry);
}
