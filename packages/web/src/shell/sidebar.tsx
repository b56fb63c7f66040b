/** The desk's left column: places, then the session list. Its width is dragged or set with arrow keys; it can be hidden altogether. */
import "../i18n/list.ts";
import { useRef, type KeyboardEvent, type PointerEvent } from "react";
import { useWaitingCount } from "../features/inbox/use-waiting.ts";
import { SessionList } from "../features/sessions/session-list.tsx";
import { useT } from "../i18n/index.ts";
import { IconButton } from "../ui/button.tsx";
import { Icon, type IconName } from "../ui/icons.tsx";
import { go } from "../ground/go.ts";
import { LIST_WIDTH, setListWidth, toggleList, usePreferences } from "../ground/preferences.ts";
import { Link } from "../ui/link.tsx";
import { Count } from "./waiting-count.tsx";

const PLACES = [
  { to: "/inbox", icon: "bell", label: "nav.inbox" },
  { to: "/machines", icon: "machine", label: "nav.machines" },
  { to: "/settings", icon: "settings", label: "nav.settings" },
] as const satisfies readonly { to: string; icon: IconName; label: string }[];

const KEY_STEP = 20;

export function Sidebar() {
  const t = useT();
  const { listWidth, listHidden } = usePreferences();
  if (listHidden) return <Folded />;
  return (
    <aside
      aria-label={t("nav.sidebar")}
      className="relative flex min-h-0 shrink-0 flex-col border-e border-line bg-sunken"
      style={{ width: listWidth }}
    >
      <header className="flex items-center gap-1 ps-4 pe-2 pt-2 pb-1">
        <Link to="/" className="me-auto rounded-control font-strong">
          {t("app.name")}
        </Link>
        <IconButton icon="plus" label={t("list.new")} onClick={() => go.newSession()} />
        <IconButton icon="chevronLeft" label={t("list.collapse")} onClick={toggleList} />
      </header>
      <Places />
      <SessionList />
      <Separator />
    </aside>
  );
}

/** Hidden, it still says that something waits. */
function Folded() {
  const t = useT();
  const waiting = useWaitingCount();
  return (
    <aside aria-label={t("nav.sidebar")} className="flex flex-col gap-1 border-e border-line bg-sunken p-1.5">
      <IconButton icon="chevronRight" label={t("list.expand")} onClick={toggleList} />
      <IconButton icon="plus" label={t("list.new")} onClick={() => go.newSession()} />
      {waiting > 0 && (
        <Link
          to="/inbox"
          aria-label={t("nav.inbox.count", { count: waiting })}
          className="target-square relative flex items-center justify-center rounded-control text-waiting hover:bg-hover"
        >
          <Icon name="bell" />
          <Count value={waiting} className="absolute -end-1 -top-1" />
        </Link>
      )}
    </aside>
  );
}

function Places() {
  const t = useT();
  const waiting = useWaitingCount();
  return (
    <nav aria-label={t("nav.main")} className="px-2 pb-2">
      <ul>
        {PLACES.map((place) => (
          <li key={place.to}>
            <Link
              to={place.to}
              activeClassName="bg-pressed font-strong text-ink"
              inactiveClassName="text-quiet"
              className="flex target items-center gap-2.5 rounded-control px-2 hover:bg-hover focus-visible:-outline-offset-2"
            >
              <Icon name={place.icon} />
              <span className="flex-1">{t(place.label)}</span>
              {place.to === "/inbox" && waiting > 0 && (
                <>
                  <span className="sr-only">{t("nav.inbox.count", { count: waiting })}</span>
                  <Count value={waiting} />
                </>
              )}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Separator() {
  const t = useT();
  const width = usePreferences((state) => state.listWidth);
  const drag = useRef<{ x: number; width: number } | null>(null);
  const towardsEnd = (): number => (document.dir === "rtl" ? -1 : 1);
  const onPointerDown = (event: PointerEvent<HTMLDivElement>): void => {
    event.currentTarget.setPointerCapture(event.pointerId);
    drag.current = { x: event.clientX, width };
  };
  const onPointerMove = (event: PointerEvent<HTMLDivElement>): void => {
    if (drag.current) setListWidth(drag.current.width + (event.clientX - drag.current.x) * towardsEnd());
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = event.key === "ArrowRight" ? KEY_STEP : event.key === "ArrowLeft" ? -KEY_STEP : 0;
    if (step === 0) return;
    event.preventDefault();
    setListWidth(width + step * towardsEnd());
  };
  return (
    <div
      role="separator"
      tabIndex={0}
      aria-orientation="vertical"
      aria-label={t("list.resize")}
      aria-valuenow={width}
      aria-valuemin={LIST_WIDTH.min}
      aria-valuemax={LIST_WIDTH.max}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={() => (drag.current = null)}
      onPointerCancel={() => (drag.current = null)}
      onDoubleClick={() => setListWidth(LIST_WIDTH.default)}
      onKeyDown={onKeyDown}
      className="absolute inset-y-0 -end-1 z-10 w-2 cursor-col-resize touch-none hover:bg-accent-wash focus-visible:bg-accent-wash focus-visible:outline-offset-0"
    />
  );
}
