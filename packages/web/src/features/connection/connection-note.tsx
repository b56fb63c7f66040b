/**
 * What stands in a screen's header while the hub can't be heard: since when, and what waits to be sent. It has a place of its own there and is
 * no taller than the header, so that nothing on the page moves when it comes or goes. Screen readers hear it politely.
 */
import "../../i18n/list.ts";
import { useEffect, useRef, useState } from "react";
import { useT, type Translate } from "../../i18n/index.ts";
import { reconnectNow } from "../../sync/actions.ts";
import { useConnection, useHub } from "../../sync/store.ts";
import { cx } from "../../ui/cx.ts";
import { Icon } from "../../ui/icons.tsx";
import { RelativeTime } from "../../ui/relative-time.tsx";
import { StatusGlyph } from "../../ui/status-glyph.tsx";
import { noticeDueIn, noticeOf, type Notice } from "./connection.model.ts";

/** `strip`: over the first line of what scrolls below a header that is full. */
export function ConnectionNote({ strip = false }: { strip?: boolean }) {
  const notice = useNotice();
  return (
    <div role="status" aria-live="polite" className={strip ? "absolute inset-x-0 top-0 z-10" : "min-w-0 flex-1"}>
      {notice && <Words notice={notice} strip={strip} />}
    </div>
  );
}

function useNotice(): Notice | null {
  const connection = useConnection();
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
  const locked = useHub((state) => state.locked);
  return locked ? { kind: "locked" } : noticeOf(connection, changedAt.current.at, Date.now(), hasContent);
}

function Words({ notice, strip }: { notice: Notice; strip: boolean }) {
  const t = useT();
  const unsent = useHub((state) => state.unsent);
  const lasting = useHub((state) => state.lasting);
  const waits = unsent > 0 ? t("connection.unsent", { count: unsent }) : null;
  const keepOpen = waits !== null && !lasting;
  return (
    <div
      className={cx(
        "flex min-h-11 items-center text-small text-quiet",
        strip ? "gap-2 border-b border-line bg-sunken ps-4 pe-1" : "max-w-md gap-1.5 ps-2",
      )}
    >
      <Glyph kind={notice.kind} />
      <div className="min-w-0 flex-1">
        <p className="truncate font-strong text-ink">{keepOpen ? waits : words(notice, t)}</p>
        <p className="truncate" title={keepOpen ? t("connection.notKept") : undefined}>
          {keepOpen ? t("connection.notKept") : (waits ?? hint(notice, t))}
          {!keepOpen && "since" in notice && notice.since !== null && (
            <>
              {waits !== null && " · "}
              <RelativeTime at={notice.since} />
            </>
          )}
        </p>
      </div>
      {notice.kind === "reconnecting" && (
        <button
          type="button"
          onClick={reconnectNow}
          className="target shrink-0 rounded-control px-1.5 font-strong text-accent hover:bg-hover"
        >
          {t("connection.retry")}
        </button>
      )}
    </div>
  );
}

function Glyph({ kind }: Pick<Notice, "kind">) {
  if (kind === "locked") return <Icon name="lock" size={16} className="text-failed" />;
  return <StatusGlyph status={kind === "connecting" ? "working" : "offline"} />;
}

const hint = ({ kind }: Notice, t: Translate): string | null => (kind === "locked" ? t("connection.locked.hint") : null);

function words(notice: Notice, t: Translate): string {
  switch (notice.kind) {
    case "connecting":
      return t("connection.connecting");
    case "reconnecting":
      return t("connection.reconnecting");
    case "offline":
      return t("connection.offline");
    case "locked":
      return t("connection.locked");
  }
}
