/** One session in the list: sign, title, word and one detail. The whole row is a link; its actions are a button beside it. */
import type { SessionStatus } from "@hapi/core";
import type { SessionSummary } from "@hapi/protocol";
import { memo } from "react";
import { Link } from "../../ui/link.tsx";
import { paths } from "../../ground/routing/match.ts";
import { useT, type Translate } from "../../i18n/index.ts";
import { cx } from "../../ui/cx.ts";
import { FactsWithPath } from "../../ui/path-text.tsx";
import { RelativeTime } from "../../ui/relative-time.tsx";
import { INK, StatusGlyph } from "../../ui/status-glyph.tsx";
import { Age } from "./age.tsx";
import { agentName, titleOf } from "../../i18n/names.model.ts";
import { requestWords } from "../../i18n/request-words.ts";
import { SessionMenu } from "./session-menu.tsx";
import { isLoud, signOf, statusText } from "./status.model.ts";
import { useStatus } from "./use-status.ts";

const inRow = (...parts: (string | null | undefined)[]): string => parts.filter(Boolean).join(" · ");

/** What stands before the directory, and behind it. */
function details(summary: SessionSummary, t: Translate): { before: string; after: string } {
  const { todoProgress, metadata } = summary;
  const shown = todoProgress !== null && todoProgress.total > 0 && summary.active;
  return {
    before: shown ? t("list.todos", { done: todoProgress.completed, total: todoProgress.total }) : "",
    after: inRow(metadata?.worktree?.branch, agentName(metadata?.flavor)),
  };
}

export const SessionRow = memo(function SessionRow({ summary, path }: { summary: SessionSummary; path?: string }) {
  const t = useT();
  const status = useStatus(summary);
  const sign = signOf(status);
  const title = titleOf(summary) ?? t("list.untitled");
  return (
    <div className="group/row relative mx-2 flex items-stretch rounded-control hover:bg-hover has-[a[aria-current]]:bg-accent-wash">
      <Link
        to={paths.session(summary.id)}
        data-session-row={summary.id}
        className="flex min-w-0 flex-1 gap-2.5 rounded-control py-2 ps-2 desk:pe-2 focus-visible:-outline-offset-2"
      >
        <span className="flex h-[var(--line-body)] items-center">
          <StatusGlyph status={sign} />
        </span>
        <span className="min-w-0 flex-1">
          <span dir="auto" className={cx("block truncate text-start", isLoud(status) && "font-strong")}>
            {title}
          </span>
          <span className="flex min-w-0 items-baseline gap-1 text-small text-quiet">
            <span className={cx("shrink-0", INK[sign])}>{statusText(status, t)}</span>
            <Detail summary={summary} status={status} path={path} />
            <Age at={status.since ?? summary.updatedAt} className="ms-auto shrink-0 ps-2 tabular-nums" />
          </span>
        </span>
      </Link>
      <SessionMenu summary={summary} title={title} />
    </div>
  );
});

function Detail({ summary, status, path }: { summary: SessionSummary; status: SessionStatus; path?: string }) {
  const t = useT();
  const asked = status.what === "waiting" ? requestWords(summary, t) : null;
  const { before, after } = asked ? { before: asked, after: "" } : details(summary, t);
  const says = before + (path ?? "") + after !== "";
  return !says && status.asOf === null ? null : (
    <span className="flex min-w-0 flex-1 whitespace-pre text-start">
      {status.asOf !== null && (
        <span className="shrink-0">
          <span aria-hidden="true">· </span>
          {t("status.lastHeard")} <RelativeTime at={status.asOf} />
        </span>
      )}
      {says && (
        <>
          {status.asOf === null && <span aria-hidden="true">· </span>}
          <FactsWithPath before={before} path={path ?? ""} after={after} follows={status.asOf !== null} />
        </>
      )}
    </span>
  );
}
