/** The one-line row of everything that opens: sign or icon, verb, object, what came of it, time. A button as wide as the column. */
import { memo } from "react";
import { currentLocale } from "../../../i18n/index.ts";
import { cx } from "../../../ui/cx.ts";
import { Icon, type IconName } from "../../../ui/icons.tsx";
import { PathText } from "../../../ui/path-text.tsx";
import { durationWords } from "../../../ui/relative-time.model.ts";
import { StatusGlyph, type Status } from "../../../ui/status-glyph.tsx";

export interface OneLineProps {
  icon: IconName;
  verb: string;
  object: string;
  /** The object is words, not a path or a command. */
  prose?: boolean;
  /** A path: its end stays where there is no room for all of it. */
  isPath?: boolean;
  summary?: string;
  durationMs?: number | null;
  sign?: Status | null;
  running?: boolean;
  open: boolean;
  onToggle: () => void;
}

/** Shorter than this is not worth a figure. */
const MIN_SHOWN_MS = 2_000;

export const OneLine = memo(function OneLine({
  icon,
  verb,
  object,
  prose = false,
  isPath = false,
  summary,
  durationMs,
  sign = null,
  running = false,
  open,
  onToggle,
}: OneLineProps) {
  const shownSign = sign ?? (running ? "working" : null);
  const facts = [summary, durationMs != null && durationMs >= MIN_SHOWN_MS && durationWords(durationMs, currentLocale())]
    .filter(Boolean)
    .join(" · ");
  return (
    <button
      type="button"
      onClick={onToggle}
      aria-expanded={open}
      className="group/line -mx-2 flex min-h-11 w-[calc(100%+16px)] items-center gap-2 rounded-control px-2 text-start hover:bg-hover focus-visible:-outline-offset-2 pointer-fine:desk:min-h-8"
    >
      <span className="flex w-4 shrink-0 justify-center">
        {shownSign ? <StatusGlyph status={shownSign} /> : <Icon name={icon} className="text-quiet" />}
      </span>
      <span className={cx("shrink-0", sign === "failed" ? "text-failed" : "text-quiet")}>{verb}</span>
      {isPath ? (
        <PathText path={object} className="font-mono text-[0.92em]" />
      ) : (
        <span dir="auto" className={cx("min-w-0 truncate", prose ? "text-quiet" : "font-mono text-[0.92em]")}>
          {object}
        </span>
      )}
      {facts && (
        <span
          className={cx("ms-auto max-w-1/2 shrink-0 truncate text-small tabular-nums", sign === "failed" ? "text-failed" : "text-quiet")}
        >
          {facts}
        </span>
      )}
      <Icon
        name={open ? "chevronDown" : "chevronRight"}
        size={14}
        className={cx(
          "text-quiet",
          !facts && "ms-auto",
          !open && "pointer-fine:opacity-0 pointer-fine:group-hover/line:opacity-100 pointer-fine:group-focus-visible/line:opacity-100",
        )}
      />
    </button>
  );
});
