/**
 * The signs of what a session or a tool does, the same everywhere: a glyph, a colour and a word. Each glyph differs in shape too (filled, moving,
 * ticked, hollow, crossed, dashed), so colour is never the only sign.
 */
import type { ReactNode } from "react";
import { useT, type MessageKey } from "../i18n/index.ts";
import { cx } from "./cx.ts";

export const STATUSES = ["waiting", "working", "done", "idle", "failed", "unknown", "interrupted", "ended", "offline"] as const;
export type Status = (typeof STATUSES)[number];

/** The colour of its word, where the word stands without the glyph. */
export const INK: Record<Status, string> = {
  waiting: "text-waiting",
  working: "text-working",
  done: "text-done",
  idle: "text-quiet",
  failed: "text-failed",
  unknown: "text-waiting",
  interrupted: "text-quiet",
  ended: "text-quiet",
  offline: "text-quiet",
};

const SHAPES: Record<Status, ReactNode> = {
  waiting: (
    <>
      <circle cx="7" cy="7" r="6" fill="var(--color-waiting-fill)" />
      <path d="M7 3.6v4M7 10.2v.1" stroke="var(--color-ground)" strokeWidth="1.8" strokeLinecap="round" />
    </>
  ),
  working: <circle cx="7" cy="7" r="5" fill="none" stroke="currentColor" strokeWidth="2" strokeDasharray="20 12" strokeLinecap="round" />,
  done: (
    <>
      <circle cx="7" cy="7" r="6" fill="currentColor" />
      <path
        d="m4.3 7.2 1.9 1.9 3.5-3.9"
        fill="none"
        stroke="var(--color-ground)"
        strokeWidth="1.6"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </>
  ),
  idle: <circle cx="7" cy="7" r="5.2" fill="none" stroke="currentColor" strokeWidth="1.5" />,
  failed: (
    <>
      <circle cx="7" cy="7" r="6" fill="currentColor" />
      <path d="m4.9 4.9 4.2 4.2M9.1 4.9 4.9 9.1" stroke="var(--color-ground)" strokeWidth="1.6" strokeLinecap="round" />
    </>
  ),
  unknown: (
    <>
      <circle cx="7" cy="7" r="5.2" fill="none" stroke="currentColor" strokeWidth="1.5" />
      <path
        d="M5.4 5.6a1.6 1.6 0 1 1 2.3 1.5c-.5.3-.7.5-.7 1M7 10.2v.1"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.4"
        strokeLinecap="round"
      />
    </>
  ),
  interrupted: (
    <>
      <circle cx="7" cy="7" r="5.2" fill="none" stroke="currentColor" strokeWidth="1.5" />
      <rect x="5" y="5" width="4" height="4" rx="0.6" fill="currentColor" />
    </>
  ),
  ended: <circle cx="7" cy="7" r="2.5" fill="currentColor" />,
  offline: <circle cx="7" cy="7" r="5.2" fill="none" stroke="currentColor" strokeWidth="1.5" strokeDasharray="2.2 2.2" />,
};

/** Only the sign; the word must stand beside it or in `label`. */
export function StatusGlyph({ status, label, className }: { status: Status; label?: string; className?: string }) {
  return (
    <svg
      viewBox="0 0 14 14"
      width={14}
      height={14}
      role={label ? "img" : undefined}
      aria-label={label}
      aria-hidden={label ? undefined : true}
      className={cx("shrink-0", INK[status], status === "working" && "animate-turn", className)}
    >
      {SHAPES[status]}
    </svg>
  );
}

const WORDS = {
  waiting: "status.waiting",
  working: "status.working",
  done: "status.done",
  idle: "status.idle",
  failed: "status.failed",
  unknown: "status.unknown",
  interrupted: "status.interrupted",
  ended: "status.ended",
  offline: "status.offline",
} as const satisfies Record<Status, MessageKey>;

export const statusWord = (status: Status): (typeof WORDS)[Status] => WORDS[status];

/** Sign and word. `children` replaces the standard word where a screen knows better ("2 approvals", "offline for 3 h"). */
export function StatusLabel({ status, children, className }: { status: Status; children?: ReactNode; className?: string }) {
  const t = useT();
  return (
    <span className={cx("inline-flex items-center gap-1.5 text-small whitespace-nowrap", INK[status], className)}>
      <StatusGlyph status={status} />
      <span>{children ?? t(statusWord(status))}</span>
    </span>
  );
}

const WASH: Record<Status, string> = {
  waiting: "bg-waiting-wash text-waiting",
  working: "bg-working-wash text-working",
  done: "bg-done-wash text-done",
  idle: "bg-sunken text-quiet",
  failed: "bg-failed-wash text-failed",
  unknown: "bg-waiting-wash text-waiting",
  interrupted: "bg-sunken text-quiet",
  ended: "bg-sunken text-quiet",
  offline: "bg-sunken text-quiet",
};

/** A small word on its ground. `tone` is a meaning, never decoration. */
export function Pill({ tone = "idle", children, className }: { tone?: Status; children: ReactNode; className?: string }) {
  return (
    <span className={cx("inline-flex items-center gap-1 rounded-full px-2 py-0.5 text-small whitespace-nowrap", WASH[tone], className)}>
      {children}
    </span>
  );
}
