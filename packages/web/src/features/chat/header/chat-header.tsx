/** The session in two lines: its title, and what one must know at a glance: status, who types, what the agent does, how full its context is. */
import { useState } from "react";
import type { SessionStatus } from "@hapi/core";
import { part } from "../../../ui/part.tsx";
import { source } from "../../../ground/source.ts";
import { signOf, statusText } from "../../sessions/status.model.ts";
import { agentName, shortPath } from "../../../i18n/names.model.ts";
import { useT } from "../../../i18n/index.ts";
import { IconButton } from "../../../ui/button.tsx";
import { cx } from "../../../ui/cx.ts";
import { FactsWithPath } from "../../../ui/path-text.tsx";
import { RelativeTime } from "../../../ui/relative-time.tsx";
import { INK, StatusGlyph } from "../../../ui/status-glyph.tsx";
import { useChat } from "../chat-context.tsx";
import { titleOf } from "../session.model.ts";
import { activityWords } from "../tools/verbs.ts";
import { useChatStatus } from "./use-chat-status.ts";

// the header stands at once; who has control follows with the rest that can wait
const ControlMenu = part(
  source(() => import("./control-menu.tsx")),
  (module) => module.ControlMenu,
  { late: "quiet" },
);
const facts = source(() => import("./facts.ts"));
const Cure = part(facts, (module) => module.Cure, { late: "quiet" });
const ModeBadge = part(facts, (module) => module.ModeBadge, { late: "quiet" });
const ContextGauge = part(facts, (module) => module.ContextGauge, { late: "quiet" });
const DetailsSheet = part(
  source(() => import("./details-sheet.tsx")),
  (module) => module.DetailsSheet,
  { late: "toast" },
);

export function ChatHeader({ onBack }: { onBack?: () => void }) {
  const t = useT();
  const session = useChat((view) => view.session);
  const [details, setDetails] = useState(false);
  const title = titleOf(session) ?? t("list.untitled");
  return (
    <header className="border-b border-line bg-ground pt-[env(safe-area-inset-top,0px)]">
      <div className="flex items-center gap-1 px-1 desk:ps-4 desk:pe-2">
        {onBack && <IconButton icon="chevronLeft" label={t("nav.back")} onClick={onBack} className="desk:hidden" />}
        <div className="min-w-0 flex-1 py-1.5">
          <h1 dir="auto" className="truncate font-strong" title={title}>
            {title}
          </h1>
          <StatusLine />
        </div>
        <ControlMenu />
        <IconButton icon="info" label={t("details.open")} onClick={() => setDetails(true)} />
      </div>
      <Cure />
      {details && <DetailsSheet open onClose={() => setDetails(false)} />}
    </header>
  );
}

function StatusLine() {
  const t = useT();
  const session = useChat((view) => view.session);
  const status = useChatStatus();
  const sign = signOf(status);
  const activity = useChat((view) => view.timeline.activity);
  const machine = useChat((view) => view.machineName);
  const isBusy = status.what === "working" && sign === "working" && activity !== null;
  return (
    <div className="flex min-w-0 items-center gap-1.5 text-small text-quiet">
      <StatusGlyph status={sign} label={isBusy ? statusText(status, t) : undefined} />
      {!isBusy && (
        <span className={cx("max-w-2/3 shrink-0 truncate", INK[sign])}>
          {statusText(status, t)}
          <Since status={status} />
        </span>
      )}
      {isBusy ? (
        <span dir="auto" className="min-w-0 flex-1 truncate text-start">
          {activityWords(activity, t)}
        </span>
      ) : (
        <FactsWithPath
          before={agentName(session.metadata?.flavor)}
          path={session.metadata ? shortPath(session.metadata.path, session.metadata.homeDir) : ""}
          after={machine ?? ""}
        />
      )}
      <ModeBadge />
      <ContextGauge />
    </div>
  );
}

/** How old it is, where that matters: what is not known to be so now, and what nobody hears of. */
function Since({ status }: { status: SessionStatus }) {
  const t = useT();
  if (status.asOf !== null)
    return (
      <>
        {" · "}
        {t("status.lastHeard")} <RelativeTime at={status.asOf} />
      </>
    );
  if (status.what !== "offline" || status.since === null) return null;
  return (
    <>
      {" · "}
      <RelativeTime at={status.since} />
    </>
  );
}
