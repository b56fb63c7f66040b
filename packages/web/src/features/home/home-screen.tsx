/** The desk with no session chosen: what waits, then what happened lately. Never empty-handed. */
import "../../i18n/list.ts";
import "../../i18n/screens.ts";
import type { SessionSummary } from "@hapi/protocol";
import { useMemo } from "react";
import { isApple } from "../../ground/keys.model.ts";
import { Group, Screen } from "../screen/screen.tsx";
import { Link } from "../../ui/link.tsx";
import { paths } from "../../ground/routing/match.ts";
import { useT } from "../../i18n/index.ts";
import { useHub, useSessions } from "../../sync/store.ts";
import { PathText } from "../../ui/path-text.tsx";
import { RelativeTime } from "../../ui/relative-time.tsx";
import { noteScroll } from "../chat/requests/index.ts";
import { InboxItems } from "../inbox/inbox-items.tsx";
import { projectPath, shortPath, titleOf } from "../../i18n/names.model.ts";
import { useSettledRows } from "../sessions/settled-rows.ts";
import { StatusWord } from "../sessions/status-word.tsx";
import { useLookout, useStatus } from "../sessions/use-status.ts";
import { FirstSteps } from "./first-steps.tsx";
import { recentSessions } from "./home.model.ts";

/** One function, so that the screen is watched once. */
const moved = (): void => noteScroll();

export function HomeScreen() {
  const t = useT();
  const sessions = useSessions();
  const loaded = useHub((state) => state.listed);
  const lookout = useLookout();
  const fresh = useMemo(() => recentSessions(sessions, lookout).map((summary) => ({ key: summary.id, summary })), [sessions, lookout]);
  const { rows: recent, touch } = useSettledRows(fresh);
  if (loaded && sessions.length === 0) return <FirstSteps />;
  return (
    <Screen title={t("home.title")} onMove={moved}>
      <InboxItems />
      {recent.length > 0 && (
        <div onPointerMove={touch} onPointerDown={touch}>
          <Group title={t("home.activity")}>
            {recent.map(({ key, summary }) => (
              <Activity key={key} summary={summary} />
            ))}
          </Group>
        </div>
      )}
      <p className="text-small text-quiet">{t("home.hint", { key: isApple(navigator.platform) ? "⌘K" : "Ctrl K" })}</p>
    </Screen>
  );
}

function Activity({ summary }: { summary: SessionSummary }) {
  const t = useT();
  const status = useStatus(summary);
  return (
    <Link to={paths.session(summary.id)} className="flex items-center gap-3 px-4 py-2.5 hover:bg-hover focus-visible:-outline-offset-2">
      <span className="min-w-0 flex-1">
        <span dir="auto" className="block truncate text-start">
          {titleOf(summary) ?? t("list.untitled")}
        </span>
        <PathText path={shortPath(projectPath(summary))} className="text-small text-quiet" />
      </span>
      <StatusWord status={status} />
      <RelativeTime
        at={Math.min(status.since ?? summary.updatedAt, Date.now())}
        className="w-24 shrink-0 text-end text-small text-quiet tabular-nums"
      />
    </Link>
  );
}
