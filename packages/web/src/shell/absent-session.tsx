/** A session of which this device keeps nothing, while no hub can be reached: says so, and shows what was written for it and waits here. */
import "../i18n/later.ts";
import { useSyncExternalStore } from "react";
import { AbsentRows } from "../features/chat/timeline/absent-rows.tsx";
import { titleOf } from "../i18n/names.model.ts";
import { useT } from "../i18n/index.ts";
import { hubLink } from "../sync/link.ts";
import { useSessionSummary } from "../sync/store.ts";
import { IconButton } from "../ui/button.tsx";
import { Icon } from "../ui/icons.tsx";
import { ConnectionNote } from "../features/connection/late-note.ts";
import { goBack } from "../ground/routing/location.ts";
import { paths } from "../ground/routing/match.ts";

export function AbsentSession({ id }: { id: string }) {
  const t = useT();
  const link = hubLink();
  const entries = useSyncExternalStore(
    (listener) => link.subscribe(listener),
    () => link.outbox.entries,
  );
  const waiting = entries.filter((entry) => entry.sessionId === id);
  const summary = useSessionSummary(id);
  const title = (summary && titleOf(summary)) ?? t("list.untitled");
  return (
    <div className="flex min-h-0 min-w-0 flex-1 flex-col">
      <header className="flex items-center gap-1 border-b border-line bg-ground px-1 pt-[env(safe-area-inset-top,0px)] desk:ps-4 desk:pe-2">
        <IconButton icon="chevronLeft" label={t("nav.back")} onClick={() => goBack(paths.sessions)} className="desk:hidden" />
        <h1 dir="auto" className="min-w-0 flex-1 truncate py-2.5 font-strong">
          {title}
        </h1>
      </header>
      <div className="relative">
        <ConnectionNote strip />
      </div>
      <div className="min-h-0 flex-1 overflow-y-auto px-4 pb-4">
        <AbsentRows />
        {waiting.length > 0 && (
          <section
            aria-label={t("queue.label", { count: waiting.length })}
            className="mx-auto max-w-[60ch] rounded-card border border-line bg-sunken"
          >
            <ol>
              {waiting.map(({ localId, text, attachments }) => (
                <li key={localId} className="flex items-center gap-2 px-3 py-2 not-first:border-t not-first:border-line">
                  <Icon name="clock" size={14} className="text-quiet" />
                  <p dir="auto" className="min-w-0 flex-1 wrap-any whitespace-pre-wrap">
                    {text || attachments.map((file) => file.filename).join(", ")}
                  </p>
                </li>
              ))}
            </ol>
          </section>
        )}
      </div>
    </div>
  );
}
