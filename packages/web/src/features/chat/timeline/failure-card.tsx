/**
 * A turn that failed: what happened, what was kept, whether and when to try again, and Retry on the same conversation. Only the last turn
 * offers it. Where the session tries again by itself, the card says when, and lets the person stop it or not wait.
 */
import { useEffect, useState } from "react";
import type { TurnEndItem } from "@hapi/core";
import type { AgentFailure, RetryState } from "@hapi/protocol";
import { currentLocale, dateLocale, useT, type MessageKey } from "../../../i18n/index.ts";
import { Button } from "../../../ui/button.tsx";
import { Card } from "../../../ui/card.tsx";
import { durationWords } from "../../../ui/relative-time.model.ts";
import { StatusGlyph } from "../../../ui/status-glyph.tsx";
import { AutoRetry } from "../auto-retry.tsx";
import { useAction, useChat, usePort } from "../chat-context.tsx";
import { clockWords } from "../composer/schedule.model.ts";
import { isWorking } from "../session.model.ts";

const TITLES = {
  overloaded: "failure.overloaded",
  rate_limit: "failure.rateLimit",
  usage_limit: "failure.usageLimit",
  network: "failure.network",
  auth: "failure.auth",
  invalid_request: "failure.invalidRequest",
  server_error: "failure.serverError",
  agent_exited: "failure.agentExited",
  unknown: "failure.unknown",
} as const satisfies Record<AgentFailure["code"], MessageKey>;

export const failureTitle = (code: AgentFailure["code"]): (typeof TITLES)[AgentFailure["code"]] => TITLES[code] ?? TITLES.unknown;

const ADVICE = {
  overloaded: "failure.advice.wait",
  rate_limit: "failure.advice.limit",
  usage_limit: "failure.advice.usageLimit",
  network: "failure.advice.network",
  auth: "failure.advice.auth",
  invalid_request: "failure.advice.request",
  server_error: "failure.advice.wait",
} as const satisfies Partial<Record<AgentFailure["code"], MessageKey>>;

const hasAdvice = (code: string): code is keyof typeof ADVICE => Object.hasOwn(ADVICE, code);

export function FailureCard({ item, failure }: { item: TurnEndItem; failure: AgentFailure }) {
  const t = useT();
  const machine = useChat((view) => view.machineName) ?? "";
  // nothing was asked after it
  const isLast = useChat(
    ({ timeline }) =>
      timeline.items.findLast((other) => other.type === "turn-end" || other.type === "prompt")?.key === item.key && !timeline.running,
  );
  return (
    <Card tone="failed" aria-label={t("failure.label")} className="flex flex-col gap-2 p-3">
      <p className="flex items-start gap-2 font-strong text-failed">
        <StatusGlyph status="failed" className="mt-1" />
        {t(failureTitle(failure.code))}
      </p>
      <p dir="auto" className="wrap-any">
        {failure.message}
      </p>
      <p className="text-small text-quiet">
        {t("failure.kept")}
        {t("punctuation.space")}
        {hasAdvice(failure.code) && t(ADVICE[failure.code], { machine })}
      </p>
      {isLast && <WhatNow item={item} failure={failure} />}
    </Card>
  );
}

/** From when on it is worth a try: by the provider's word. */
const readyFrom = ({ resetsAt, retryAfterMs }: AgentFailure, endedAt: number): number | null =>
  resetsAt ?? (retryAfterMs === undefined ? null : endedAt + retryAfterMs);

/** The words for a try that is planned. */
function plannedKey({ failureCode }: RetryState, waitMs: number) {
  if (waitMs === 0) return "failure.trying" as const;
  return failureCode === "usage_limit" ? ("failure.afterLimit" as const) : ("failure.planned" as const);
}

/** When it is tried again, by itself or by the person; and how long that is. */
function useNextTry(item: TurnEndItem, failure: AgentFailure): { planned: RetryState | null; waitMs: number; words: string } {
  const t = useT();
  const port = usePort();
  const planned = useChat((view) => view.session.agentState?.retry ?? null);
  const at = planned?.at ?? readyFrom(failure, item.at);
  const waitMs = useCountdown(at);
  const about = { time: clockWords(at ?? 0, port.now(), dateLocale()), wait: durationWords(waitMs, currentLocale()) };
  if (planned) {
    const { attempt, maxAttempts: max } = planned;
    return { planned, waitMs, words: t(plannedKey(planned, waitMs), { ...about, attempt, max }) };
  }
  return { planned, waitMs, words: waitMs > 0 ? t("failure.retryAt", about) : t("failure.sameContext") };
}

function WhatNow({ item, failure }: { item: TurnEndItem; failure: AgentFailure }) {
  const t = useT();
  const port = usePort();
  const working = useChat((view) => isWorking(view.session));
  const [retry, busy] = useAction(port.actions.retry);
  const [stop, stopping] = useAction(port.actions.stopRetry);
  const { planned, waitMs, words } = useNextTry(item, failure);
  // it goes on already
  if (working && !planned) return null;
  const isWait = planned !== null || waitMs > 0;
  return (
    <>
      <div className="flex flex-wrap items-center gap-3">
        <Button tone={isWait || !failure.retryable ? "plain" : "primary"} icon="retry" busy={busy} onClick={() => retry()}>
          {t(isWait ? "failure.retryNow" : "failure.retry")}
        </Button>
        {planned && (
          <Button icon="stop" busy={stopping} onClick={() => stop()}>
            {t("failure.stop")}
          </Button>
        )}
        <span className="min-w-0 text-small text-quiet tabular-nums" role="status">
          {words}
        </span>
      </div>
      {failure.retryable && <AutoRetry isLimit={failure.code === "usage_limit"} />}
    </>
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
