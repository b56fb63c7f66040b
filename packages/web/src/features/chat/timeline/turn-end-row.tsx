/** The end of a turn: a quiet line with time, tokens and cost; or, when it failed, the card that says what failed, what was kept and what to do. */
import type { TurnEndItem } from "@hapi/core";
import { currentLocale, useT } from "../../../i18n/index.ts";
import { durationWords } from "../../../ui/relative-time.model.ts";
import { costWords, tokenWords } from "../session.model.ts";
import { FailureCard } from "./lazy-rows.tsx";

export function TurnEndRow({ item }: { item: TurnEndItem }) {
  const t = useT();
  if (item.outcome === "failed" && item.failure) return <FailureCard item={item} failure={item.failure} />;
  const locale = currentLocale();
  const tokens = item.usage
    ? item.usage.inputTokens + item.usage.outputTokens + item.usage.cacheCreationTokens + item.usage.cacheReadTokens
    : 0;
  const facts = [
    item.outcome === "interrupted" ? t("turn.interrupted") : item.outcome === "failed" ? t("turn.failed") : t("turn.done"),
    item.durationMs !== null && durationWords(item.durationMs, locale),
    tokens > 0 && t("turn.tokens", { tokens: tokenWords(tokens, locale) }),
    item.usage?.costUsd !== undefined && item.usage.costUsd > 0 && costWords(item.usage.costUsd, locale),
  ].filter((fact) => typeof fact === "string");
  return (
    <p className="flex items-center gap-3 text-small text-quiet tabular-nums">
      <span aria-hidden="true" className="h-px flex-1 bg-line" />
      {facts.join(" · ")}
      <span aria-hidden="true" className="h-px flex-1 bg-line" />
    </p>
  );
}
