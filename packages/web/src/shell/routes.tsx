/**
 * Which screen an address shows. Every screen is loaded when first visited. The router is our own (some 200
 * lines in `routing/`): a dozen flat addresses did not justify 26 KB of the 150 KB that a first visit may cost.
 */
import { useEffect } from "react";
import { useHub } from "../sync/store.ts";
import { ErrorScreen, NotFoundScreen } from "./error-screen.tsx";
import { part } from "../ui/part.tsx";
import { ErrorBoundary } from "../ui/error-boundary.tsx";
import { navigate, useLocation } from "../ground/routing/location.ts";
import { safeNext } from "../ground/routing/safe-next.ts";
import { matchPath, paths, PATTERNS, type RouteId } from "../ground/routing/match.ts";
import { lazyScreen, type LazyScreen, type ScreenProps } from "../ui/lazy-screen.tsx";
import { Shell } from "./shell.tsx";
import { source } from "../ground/source.ts";
import { isDesk, useIsDesk } from "../ground/use-media.ts";

/** Follows the first paint. */
const PageTitle = part(
  source(() => import("./page-title.ts")),
  ({ PageTitle }) => PageTitle,
  { late: "quiet" },
);

const list = lazyScreen(async () => (await import("../features/sessions/sessions-screen.tsx")).SessionsScreen);
const home = lazyScreen(async () => (await import("../features/home/home-screen.tsx")).HomeScreen);

/** The phone's first level is the list. A desk has the list beside it, so this place shows what waits and what happened lately. */
function Start(props: ScreenProps) {
  return (useIsDesk() ? home : list).render(props);
}

const screens: Record<RouteId, LazyScreen> = {
  sessions: { load: () => (isDesk() ? home : list).load(), render: (props) => <Start {...props} /> },
  login: lazyScreen(async () => (await import("../features/login/login-screen.tsx")).LoginScreen),
  session: lazyScreen(async () => (await import("./session-route.tsx")).SessionRoute),
  inbox: lazyScreen(async () => (await import("../features/inbox/inbox-screen.tsx")).InboxScreen),
  machines: lazyScreen(async () => (await import("../features/machines/machines-screen.tsx")).MachinesScreen),
  more: lazyScreen(async () => (await import("../features/settings/settings-screen.tsx")).MoreScreen),
  settings: lazyScreen(async () => (await import("../features/settings/settings-screen.tsx")).SettingsScreen),
  devices: lazyScreen(async () => (await import("../features/settings/devices/devices-screen.tsx")).DevicesScreen),
  newSession: lazyScreen(async () => (await import("../features/new-session/new-session-screen.tsx")).NewSessionScreen),
};

/** Over whatever is there, also over the sign-in. */
const HubOffer = part(
  source(() => import("../features/login/hub-offer.tsx")),
  ({ HubOffer }) => HubOffer,
  { late: "toast" },
);

/** The code of the screen at a path; navigation and hovering links ask for it early. */
export function loadScreen(pathname: string): Promise<unknown> {
  const match = matchPath(PATTERNS, pathname);
  return match ? screens[match.id].load() : Promise.resolve();
}

/** Signed out leads to the sign-in and back to where one wanted to go. */
function useGate(id: RouteId | null): boolean {
  const { href, search } = useLocation();
  const auth = useHub((state) => state.auth);
  const mustSignIn = auth === "signed-out" && id !== "login";
  const isDone = auth === "signed-in" && id === "login";
  useEffect(() => {
    if (mustSignIn) void navigate(paths.login(safeNext(href)), { replace: true });
    if (isDone) void navigate(safeNext(search.get("next")), { replace: true });
  }, [mustSignIn, isDone, href, search]);
  return !mustSignIn && !isDone && auth !== "restoring";
}

export function App() {
  const { pathname, search, href } = useLocation();
  const match = matchPath(PATTERNS, pathname);
  const isOpen = useGate(match?.id ?? null);
  const isOffered = useHub((state) => state.offeredHub !== null);
  if (!isOpen) return null;
  const screen = match ? screens[match.id].render({ params: match.params, search }) : <NotFoundScreen />;
  const guarded = (
    <ErrorBoundary resetKey={href} fallback={(error) => <ErrorScreen error={error} />}>
      {screen}
    </ErrorBoundary>
  );
  return (
    <>
      {match?.id === "login" ? guarded : <Shell pathname={pathname}>{guarded}</Shell>}
      {isOffered && <HubOffer />}
      <PageTitle route={match} />
    </>
  );
}
