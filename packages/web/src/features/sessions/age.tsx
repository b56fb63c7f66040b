/** A list's short time, true as long as it is shown; the whole date is in its title. */
import { useEffect, useState } from "react";
import { currentLocale, useT } from "../../i18n/index.ts";
import { ageWords } from "./age.model.ts";

const MAX_WAIT_MS = 3_600_000;

export function Age({ at, className }: { at: number; className?: string }) {
  useT();
  const [now, setNow] = useState(Date.now);
  const words = ageWords(at, now, currentLocale());
  useEffect(() => {
    if (words.changesInMs === null) return;
    const timer = setTimeout(() => setNow(Date.now()), Math.min(MAX_WAIT_MS, Math.max(1_000, words.changesInMs)));
    return () => clearTimeout(timer);
  }, [words.changesInMs, now]);
  const date = new Date(at);
  return (
    <time dateTime={date.toISOString()} title={date.toLocaleString(currentLocale())} className={className}>
      {words.text}
    </time>
  );
}
