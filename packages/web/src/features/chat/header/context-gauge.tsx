/** How full the agent's context is, as a ring and a figure; amber when it gets tight, red when it is about to be cut. */
import { currentLocale, useT } from "../../../i18n/index.ts";
import { cx } from "../../../ui/cx.ts";
import { useChat } from "../chat-context.tsx";
import { contextOf, tokenWords } from "../session.model.ts";

const CIRCLE = 2 * Math.PI * 6;
const TIGHT = 0.75;
const FULL = 0.9;

export function ContextGauge() {
  const t = useT();
  const usage = useChat((view) => view.timeline.usage);
  const facts = contextOf(usage);
  if (!facts) return null;
  const percent = Math.round(facts.share * 100);
  const label = t("header.context", {
    percent,
    used: tokenWords(facts.used, currentLocale()),
    limit: tokenWords(facts.limit, currentLocale()),
  });
  return (
    <span
      role="img"
      aria-label={label}
      title={label}
      className={cx(
        "ms-auto flex shrink-0 items-center gap-1 ps-1 tabular-nums desk:ms-2",
        facts.share >= FULL ? "text-failed" : facts.share >= TIGHT ? "text-waiting" : "text-quiet",
      )}
    >
      <svg viewBox="0 0 16 16" width={14} height={14} aria-hidden="true">
        <circle cx="8" cy="8" r="6" fill="none" stroke="var(--color-pressed)" strokeWidth="2.5" />
        <circle
          cx="8"
          cy="8"
          r="6"
          fill="none"
          stroke="currentColor"
          strokeWidth="2.5"
          strokeDasharray={`${facts.share * CIRCLE} ${CIRCLE}`}
          transform="rotate(-90 8 8)"
        />
      </svg>
      {percent}%
    </span>
  );
}
