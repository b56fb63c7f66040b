/** The last line while a turn runs: that it does, and since when (the header says what). Its place is kept, so the end of the list does not jump. */
import { useEffect, useState } from "react";
import { currentLocale, useT } from "../../../i18n/index.ts";
import { durationWords } from "../../../ui/relative-time.model.ts";
import { StatusGlyph } from "../../../ui/status-glyph.tsx";
import { useChat, usePort } from "../chat-context.tsx";
import { isWorking, waitsForPerson } from "../session.model.ts";
import { rowWidth } from "./row-width.ts";

export function WorkingLine() {
  const working = useChat((view) => isWorking(view.session));
  const waiting = useChat((view) => waitsForPerson(view.timeline));
  return <div className={`${rowWidth} flex min-h-10 items-center pt-1 pb-3`}>{working && !waiting && <Now />}</div>;
}

function Now() {
  const t = useT();
  const port = usePort();
  const since = useChat((view) => view.session.activeTurnStartedAt ?? null);
  const [now, setNow] = useState(port.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(port.now()), 1000);
    return () => clearInterval(timer);
  }, [port]);
  const elapsedMs = since === null ? 0 : now - since;
  return (
    <p className="flex min-w-0 items-center gap-2 text-small text-working">
      <StatusGlyph status="working" />
      <span>{t("chat.working")}</span>
      {elapsedMs >= 5_000 && (
        <span className="shrink-0 text-quiet tabular-nums">{durationWords(Math.floor(elapsedMs / 1000) * 1000, currentLocale())}</span>
      )}
    </p>
  );
}
