/** Tells a screen reader what was added at the end, once it is finished; never what scrolling brings back. */
import "../../../i18n/list.ts";
import "../../../i18n/later.ts";
import { useEffect, useRef, useState } from "react";
import type { TimelineItem } from "@hapi/core";
import { useT } from "../../../i18n/index.ts";
import { announcementOf } from "./announce.model.ts";

const KEPT = 3;

export function Announcer({ items }: { items: readonly TimelineItem[] }) {
  const t = useT();
  const told = useRef<ReadonlySet<string> | null>(null);
  const [lines, setLines] = useState<readonly { key: string; text: string }[]>([]);
  useEffect(() => {
    const tail = items.slice(-20).filter((item) => announcementOf(item, t) !== null);
    const before = told.current;
    told.current = new Set(tail.map((item) => item.key));
    if (before === null) return;
    const fresh = tail.filter((item) => !before.has(item.key)).map((item) => ({ key: item.key, text: announcementOf(item, t) ?? "" }));
    if (fresh.length > 0) setLines((lines) => [...lines, ...fresh].slice(-KEPT));
  }, [items, t]);
  return (
    <div role="log" aria-live="polite" aria-label={t("chat.log")} className="sr-only">
      {lines.map((line) => (
        <p key={line.key}>{line.text}</p>
      ))}
    </div>
  );
}
