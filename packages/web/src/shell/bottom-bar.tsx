/** The phone's four places. The inbox carries the number of sessions that wait. */
import "../i18n/list.ts";
import { useWaitingCount } from "../features/inbox/use-waiting.ts";
import { useT } from "../i18n/index.ts";
import { Icon, type IconName } from "../ui/icons.tsx";
import { Link } from "../ui/link.tsx";
import { Count } from "./waiting-count.tsx";

const PLACES = [
  { to: "/", icon: "list", label: "nav.sessions" },
  { to: "/inbox", icon: "bell", label: "nav.inbox" },
  { to: "/machines", icon: "machine", label: "nav.machines" },
  { to: "/more", icon: "more", label: "nav.more" },
] as const satisfies readonly { to: string; icon: IconName; label: string }[];

export function BottomBar() {
  const t = useT();
  const waiting = useWaitingCount();
  return (
    <nav aria-label={t("nav.main")} className="safe-bottom border-t border-line bg-ground">
      <ul className="grid grid-cols-4">
        {PLACES.map((place) => (
          <li key={place.to}>
            <Link
              to={place.to}
              activeClassName="font-strong text-accent"
              inactiveClassName="text-quiet"
              className="flex h-14 flex-col items-center justify-center gap-0.5 text-small focus-visible:-outline-offset-4"
            >
              <span className="relative">
                <Icon name={place.icon} size={20} />
                {place.to === "/inbox" && waiting > 0 && <Count value={waiting} className="absolute -end-3 -top-1.5" />}
              </span>
              {t(place.label)}
              {place.to === "/inbox" && waiting > 0 && <span className="sr-only">, {t("nav.inbox.count", { count: waiting })}</span>}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
