/** The waiting sessions with what they ask, then the failures nobody looked at. Shared by the inbox and the desk's home. */
import "../../i18n/list.ts";
import "../../i18n/screens.ts";
import { newsAt } from "@hapi/core";
import type { SessionSummary } from "@hapi/protocol";
import { useEffect, useMemo } from "react";
import { Group } from "../screen/screen.tsx";
import { Link } from "../../ui/link.tsx";
import { paths } from "../../ground/routing/match.ts";
import { codeText } from "../../i18n/error-words.ts";
import { useT } from "../../i18n/index.ts";
import { loadDetail } from "../../sync/actions.ts";
import { requestActions } from "../../sync/request-actions.ts";
import { markSeen } from "../../sync/seen.ts";
import { useHub, useMachines, useSessions } from "../../sync/store.ts";
import { Button } from "../../ui/button.tsx";
import { PathText } from "../../ui/path-text.tsx";
import { RelativeTime } from "../../ui/relative-time.tsx";
import { Skeleton } from "../../ui/skeleton.tsx";
import { SessionRequests } from "../chat/requests/index.ts";
import { attempt } from "../sessions/attempt.ts";
import { useSettledRows } from "../sessions/settled-rows.ts";
import { StatusWord } from "../sessions/status-word.tsx";
import { useLookout, useStatus } from "../sessions/use-status.ts";
import { projectPath, shortPath, titleOf } from "../../i18n/names.model.ts";
import { failedSessions, waitingSessions, type WaitingSession } from "./inbox.model.ts";

function useInbox(): { waiting: WaitingSession[]; failed: SessionSummary[] } {
  const sessions = useSessions();
  const details = useHub((state) => state.sessions);
  const lookout = useLookout();
  return useMemo(
    () => ({
      waiting: waitingSessions(sessions, details),
      failed: failedSessions(sessions, lookout),
    }),
    [sessions, details, lookout],
  );
}

export function useInboxEmpty(): boolean {
  const { waiting, failed } = useInbox();
  return waiting.length === 0 && failed.length === 0;
}

export function InboxItems() {
  const t = useT();
  const { waiting, failed } = useInbox();
  const { rows: failures, touch } = useSettledRows(failed.map((summary) => ({ key: summary.id, summary })));
  return (
    <>
      {waiting.length > 0 && (
        <section aria-label={t("list.waiting")} className="mb-6 flex flex-col gap-6">
          {waiting.map((item) => (
            <Waiting key={item.summary.id} item={item} />
          ))}
        </section>
      )}
      {failed.length > 0 && (
        <div onPointerMove={touch} onPointerDown={touch}>
          <Group title={t("inbox.failures")}>
            {failures.map(({ key, summary }) => (
              <Failure key={key} summary={summary} />
            ))}
          </Group>
        </div>
      )}
    </>
  );
}

/** Which session, where, since when; leads there. */
function Origin({ summary, at }: { summary: SessionSummary; at: number }) {
  const t = useT();
  const machine = useMachines()[summary.metadata?.machineId ?? ""];
  return (
    <Link
      to={paths.session(summary.id)}
      className="group/origin flex min-w-0 flex-1 target flex-col justify-center rounded-control desk:flex-row desk:items-center desk:justify-start desk:gap-2"
    >
      <span dir="auto" className="min-w-0 truncate text-start font-strong group-hover/origin:underline">
        {titleOf(summary) ?? t("list.untitled")}
      </span>
      <span className="flex min-w-0 shrink-0 gap-2 text-small text-quiet desk:flex-1">
        <PathText path={shortPath(projectPath(summary), machine?.metadata?.homeDir)} />
        <RelativeTime at={at} className="ms-auto shrink-0 tabular-nums" />
      </span>
    </Link>
  );
}

function Waiting({ item: { summary, detail, since } }: { item: WaitingSession }) {
  const t = useT();
  const { id, agentStateVersion } = summary;
  const status = useStatus(summary);
  const stale = (detail?.agentStateVersion ?? -1) < agentStateVersion;
  useEffect(() => {
    if (stale) attempt(t("inbox.loadFailed"), loadDetail(id));
  }, [id, stale, t]);
  return (
    <article className="flex flex-col gap-1">
      <h2>
        <Origin summary={summary} at={since} />
      </h2>
      <p className="pb-1">
        <StatusWord status={status} />
      </p>
      {detail?.agentState?.dialog && (
        <p className="px-4 text-small text-quiet">{t("composer.terminalDialog", { about: detail.agentState.dialog.about })}</p>
      )}
      {detail ? <SessionRequests session={detail} actions={requestActions} /> : <Skeleton lines={2} />}
    </article>
  );
}

function Failure({ summary }: { summary: SessionSummary }) {
  const t = useT();
  const status = useStatus(summary);
  const reason = status.what === "failed" ? codeText(status.code, status.message, t) : "";
  return (
    <div className="flex items-center gap-2.5 py-1.5 ps-4 pe-2">
      <div className="min-w-0 flex-1">
        <Origin summary={summary} at={status.since ?? summary.updatedAt} />
        <p className="flex min-w-0 items-center gap-2 pb-1 text-small text-quiet">
          <StatusWord status={status} />
          {reason !== "" && (
            <span dir="auto" className="min-w-0 truncate">
              {reason}
            </span>
          )}
        </p>
      </div>
      <Button tone="quiet" className="text-quiet" onClick={() => markSeen(summary.id, Math.max(newsAt(summary), summary.updatedAt))}>
        {t("inbox.dismiss")}
      </Button>
    </div>
  );
}
