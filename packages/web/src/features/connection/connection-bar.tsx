/**
 * One quiet line above everything when the hub can't be heard, with how long, and what waits to be sent. It takes its own space and never
 * lies over content. Screen readers hear it politely.
 */
import { useEffect, useRef, useState } from "react";
import { useT, type Translate } from "../../i18n/index.ts";
import { reconnectNow } from "../../sync/actions.ts";
import { useConnection, useHub } from "../../sync/store.ts";
import { RelativeTime } from "../../ui/relative-time.tsx";
import { StatusGlyph } from "../../ui/status-glyph.tsx";
import { noticeDueIn, noticeOf, type Notice } from "./connection.model.ts";

export function ConnectionBar() {
  const t = useT();
  const connection = useConnection();
  const unsent = useHub((state) => state.unsent);
  const lasting = useHub((state) => state.lasting);
  const hasContent = useHub((state) => state.listed);
  const changedAt = useRef({ phase: connection.phase, at: Date.now() });
  if (changedAt.current.phase !== connection.phase) changedAt.current = { phase: connection.phase, at: Date.now() };
  const [, look] = useState(0);
  const due = noticeDueIn(connection, changedAt.current.at, Date.now());
  useEffect(() => {
    if (due === null) return;
    const timer = setTimeout(() => look((count) => count + 1), due);
    return () => clearTimeout(timer);
  }, [due]);
  const notice = noticeOf(connection, changedAt.current.at, Date.now(), hasContent);
  return (
    <div role="status" aria-live="polite" className="shrink-0">
      {notice && (
        <div className="flex min-h-9 items-center gap-2 border-b border-line bg-sunken px-4 pt-[env(safe-area-inset-top,0px)] text-small text-quiet">
          <StatusGlyph status={notice.kind === "offline" ? "offline" : "working"} />
          <p className="min-w-0 flex-1 py-1.5">
            {words(notice, t)}
            {notice.kind !== "connecting" && notice.since !== null && (
              <>
                {" · "}
                <RelativeTime at={notice.since} />
              </>
            )}
            {unsent > 0 && (
              <span className="text-ink">
                {" · "}
                {t("connection.unsent", { count: unsent })}
                {!lasting && t("punctuation.stop") + t("connection.notKept")}
              </span>
            )}
          </p>
          {notice.kind === "reconnecting" && (
            <button
              type="button"
              onClick={reconnectNow}
              className="target shrink-0 rounded-control px-2 font-strong text-accent hover:bg-hover"
            >
              {t("connection.retry")}
            </button>
          )}
        </div>
      )}
    </div>
  );
}

function words(notice: Notice, t: Translate): string {
  switch (notice.kind) {
    case "connecting":
      return t("connection.connecting");
    case "reconnecting":
      return t("connection.reconnecting");
    case "offline":
      return t("connection.offline");
  }
}
