/** A time in words that stay true while they are on screen; the full date is one hover away. One timer per shown time, set for its next change. */
import { useEffect, useState } from "react";
import { currentLocale, useT } from "../i18n/index.ts";
import { relativeWords } from "./relative-time.model.ts";

/** Words for a moment, and when they stop being true (null: never). */
export type TimeWords = (at: number, now: number, locale: string) => { text: string; changesInMs: number | null };

/** Longer waits than this are not worth a timer of their own. */
const MAX_WAIT_MS = 3_600_000;

export function RelativeTime({ at, className, words: wordsFor = relativeWords }: { at: number; className?: string; words?: TimeWords }) {
  useT();
  const [now, setNow] = useState(Date.now);
  const words = wordsFor(at, now, currentLocale());
  useEffect(() => {
    if (words.changesInMs === null) return;
    const timer = setTimeout(() => setNow(Date.now()), Math.min(MAX_WAIT_MS, Math.max(1000, words.changesInMs)));
    return () => clearTimeout(timer);
  }, [words.changesInMs, now]);
  const date = new Date(at);
  return (
    <time dateTime={date.toISOString()} title={date.toLocaleString(currentLocale())} className={className}>
      {words.text}
    </time>
  );
}
