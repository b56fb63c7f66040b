/** A turn that failed: what happened, what was kept, and Retry on the same conversation. Only the last turn offers it. */
import { useEffect, useState } from "react";
import type { TurnEndItem } from "@hapi/core";
import type { AgentFailure } from "@hapi/protocol";
import { currentLocale, useT, type MessageKey } from "../../../i18n/index.ts";
import { Button } from "../../../ui/button.tsx";
import { Card } from "../../../ui/card.tsx";
import { durationWords } from "../../../ui/relative-time.model.ts";
import { StatusGlyph } from "../../../ui/status-glyph.tsx";
import { useAction, useChat, usePort } from "../chat-context.tsx";

const TITLES = {
  overloaded: "failure.overloaded",
  rate_limit: "failure.rateLimit",
  network: "failure.network",
  auth: "failure.auth",
  invalid_request: "failure.invalidRequest",
  server_error: "failure.serverError",
  agent_exited: "failure.agentExited",
  unknown: "failure.unknown",
} as const satisfies Record<AgentFailure["code"], MessageKey>;

export const failureTitle = (code: AgentFailure["code"]): (typeof TITLES)[AgentFailure["code"]] => TITLES[code] ?? TITLES.unknown;

export function FailureCard({ item, failure }: { item: TurnEndItem; failure: AgentFailure }) {
  const t = useT();
  const { actions } = usePort();
  const [retry, busy] = useAction(actions.retry);
  const isLast = useChat(
    (view) => view.timeline.items.findLast((other) => other.type === "turn-end")?.key === item.key && view.timeline.retryable,
  );
  const waitMs = useCountdown(failure.retryAfterMs === undefined ? null : item.at + failure.retryAfterMs);
  return (
    <Card tone="failed" aria-label={t("failure.label")} className="flex flex-col gap-2 p-3">
      <p className="flex items-start gap-2 font-strong text-failed">
        <StatusGlyph status="failed" className="mt-1" />
        {t(failureTitle(failure.code))}
      </p>
      <p dir="auto" className="wrap-any">
        {failure.message}
      </p>
      <p className="text-small text-quiet">{t("failure.kept")}</p>
      {isLast && (
        <div className="flex flex-wrap items-center gap-3">
          <Button tone="primary" icon="retry" busy={busy} onClick={() => retry()}>
            {t("failure.retry")}
          </Button>
          <span className="text-small text-quiet tabular-nums" role="status">
            {waitMs > 0 ? t("failure.retryAfter", { wait: durationWords(waitMs, currentLocale()) }) : t("failure.sameContext")}
          </span>
        </div>
      )}
    </Card>
  );
}

/** Milliseconds left until `until`, in whole seconds; ticks only while there is something to count. */
export function useCountdown(until: number | null): number {
  const port = usePort();
  const [now, setNow] = useState(port.now);
  const left = until === null ? 0 : Math.max(0, Math.ceil((until - now) / 1000) * 1000);
  useEffect(() => {
    if (left === 0) return;
    const timer = setTimeout(() => setNow(port.now()), 1000);
    return () => clearTimeout(timer);
  }, [left, now, port]);
  return left;
}
