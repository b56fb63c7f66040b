/** The session in two lines: its title, and what one must know at a glance: status, who types, what the agent does, how full its context is. */
import { lazy, Suspense, useState } from "react";
import { agentName, shortPath } from "../../sessions/names.model.ts";
import { useT } from "../../../i18n/index.ts";
import { IconButton } from "../../../ui/button.tsx";
import { cx } from "../../../ui/cx.ts";
import { RelativeTime } from "../../../ui/relative-time.tsx";
import { StatusGlyph, statusWord } from "../../../ui/status-glyph.tsx";
import { useChat } from "../chat-context.tsx";
import { statusOf, titleOf } from "../session.model.ts";
import { ContextGauge } from "./context-gauge.tsx";

// the header stands at once; who has control follows with the rest that can wait
const ControlMenu = lazy(async () => ({ default: (await import("./control-menu.tsx")).ControlMenu }));
const DetailsSheet = lazy(async () => ({ default: (await import("./details-sheet.tsx")).DetailsSheet }));

export function ChatHeader({ onBack }: { onBack?: () => void }) {
  const t = useT();
  const session = useChat((view) => view.session);
  const [details, setDetails] = useState(false);
  const title = titleOf(session) ?? t("list.untitled");
  return (
    <header className="flex items-center gap-1 border-b border-line bg-ground px-1 pt-[env(safe-area-inset-top,0px)] desk:ps-4 desk:pe-2">
      {onBack && <IconButton icon="chevronLeft" label={t("nav.back")} onClick={onBack} className="desk:hidden" />}
      <div className="min-w-0 flex-1 py-1.5">
        <h1 dir="auto" className="truncate font-strong" title={title}>
          {title}
        </h1>
        <StatusLine />
      </div>
      <Suspense fallback={null}>
        <ControlMenu />
      </Suspense>
      <IconButton icon="info" label={t("details.open")} onClick={() => setDetails(true)} />
      {details && (
        <Suspense fallback={null}>
          <DetailsSheet open onClose={() => setDetails(false)} />
        </Suspense>
      )}
    </header>
  );
}

function StatusLine() {
  const t = useT();
  const session = useChat((view) => view.session);
  const status = useChat((view) => statusOf(view.session, view.timeline));
  const activity = useChat((view) => view.timeline.activity);
  const waiting = useChat((view) => view.timeline.requests.filter((request) => request.sent === null).length);
  const machine = useChat((view) => view.machineName);
  const place = [
    agentName(session.metadata?.flavor),
    session.metadata && shortPath(session.metadata.path, session.metadata.homeDir),
    machine,
  ]
    .filter(Boolean)
    .join(" · ");
  const isEnded = !session.active && status === "idle";
  const isBusy = status === "working" && activity !== null;
  const word = status === "waiting" ? t("header.waiting", { count: waiting }) : isEnded ? t("status.ended") : t(statusWord(status));
  return (
    <p className="flex min-w-0 items-center gap-1.5 text-small text-quiet">
      <StatusGlyph status={status} label={isBusy ? word : undefined} />
      {!isBusy && (
        <span className={cx("shrink-0", status === "waiting" && "text-waiting", status === "failed" && "text-failed")}>
          {word}
          {status === "offline" && (
            <>
              {" · "}
              <RelativeTime at={session.activeAt} />
            </>
          )}
        </span>
      )}
      <span dir="auto" className="min-w-0 truncate">
        {isBusy ? activity : place}
      </span>
      <ContextGauge />
    </p>
  );
}
