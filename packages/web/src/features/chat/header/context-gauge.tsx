/** How full the agent's context is, as a ring and a figure; amber when it gets tight, red when it is about to be cut. */
import type { ReactNode } from "react";
import { currentLocale, useT } from "../../../i18n/index.ts";
import { cx } from "../../../ui/cx.ts";
import { useChat } from "../chat-context.tsx";
import { tokenWords } from "../session.model.ts";
import { contextOf } from "./header.model.ts";

const CIRCLE = 2 * Math.PI * 6;
const TIGHT = 0.75;
const FULL = 0.9;

export function ContextGauge() {
  const t = useT();
  const usage = useChat((view) => view.timeline.usage);
  const facts = contextOf(usage);
  if (!facts) return null;
  const used = tokenWords(facts.used, currentLocale());
  if (facts.limit === null) return <Gauge label={t("header.context.used", { used })}>{used}</Gauge>;
  const percent = Math.round(facts.share * 100);
  return (
    <Gauge
      label={t("header.context", { percent, used, limit: tokenWords(facts.limit, currentLocale()) })}
      tone={facts.share >= FULL ? "text-failed" : facts.share >= TIGHT ? "text-waiting" : undefined}
    >
      <Ring share={facts.share} />
      {percent}%
    </Gauge>
  );
}

function Gauge({ label, tone, children }: { label: string; tone?: string; children: ReactNode }) {
  return (
    <span
      role="img"
      aria-label={label}
      title={label}
      className={cx("flex shrink-0 items-center gap-1 ps-1 tabular-nums desk:ms-1", tone ?? "text-quiet")}
    >
      {children}
    </span>
  );
}

function Ring({ share }: { share: number }) {
  return (
    <svg viewBox="0 0 16 16" width={14} height={14} aria-hidden="true">
      <circle cx="8" cy="8" r="6" fill="none" stroke="var(--color-pressed)" strokeWidth="2.5" />
      <circle
        cx="8"
        cy="8"
        r="6"
        fill="none"
        stroke="currentColor"
        strokeWidth="2.5"
        strokeDasharray={`${share * CIRCLE} ${CIRCLE}`}
        transform="rotate(-90 8 8)"
      />
    </svg>
  );
}
