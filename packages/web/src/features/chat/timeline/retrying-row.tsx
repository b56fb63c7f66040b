/** The agent tries a model call again by itself: which try, why, and when. */
import type { RetryingItem } from "@hapi/core";
import { currentLocale, useT } from "../../../i18n/index.ts";
import { durationWords } from "../../../ui/relative-time.model.ts";
import { StatusGlyph } from "../../../ui/status-glyph.tsx";
import { failureTitle, useCountdown } from "./failure-card.tsx";

export function RetryingRow({ item }: { item: RetryingItem }) {
  const t = useT();
  const waitMs = useCountdown(item.active ? item.nextAt : null);
  return (
    <p className="flex flex-wrap items-center gap-x-2 text-small text-waiting">
      <StatusGlyph status={item.active ? "working" : "idle"} className={item.active ? "text-waiting" : undefined} />
      <span>{t(failureTitle(item.failure.code))}</span>
      <span className="text-quiet tabular-nums">
        {item.active && waitMs > 0
          ? t("retrying.wait", { attempt: item.attempt, max: item.maxAttempts, wait: durationWords(waitMs, currentLocale()) })
          : t("retrying.now", { attempt: item.attempt, max: item.maxAttempts })}
      </span>
    </p>
  );
}
