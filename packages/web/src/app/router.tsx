/** Addresses and what they show. Everything but the shell, the list and the sign-in is loaded when first visited. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { LoginScreen } from "../features/login/login-screen.tsx";
import { safeNext } from "../features/login/login.model.ts";
import { SessionsScreen } from "../features/sessions/sessions-screen.tsx";
import { useHub } from "../sync/store.ts";
import { ErrorScreen, NotFoundScreen } from "./error-screen.tsx";
import { Shell } from "./shell.tsx";

const root = createRootRoute({ component: Outlet, errorComponent: ErrorScreen, notFoundComponent: NotFoundScreen });

const login = createRoute({
  getParentRoute: () => root,
  path: "/login",
  validateSearch: (search: Record<string, unknown>): { next?: string } => (typeof search["next"] === "string" ? { next: search["next"] } : {}),
  beforeLoad: () => {
    if (useHub.getState().auth === "signed-in") throw redirect({ to: "/", replace: true });
  },
  component: function Login() {
    return <LoginScreen next={safeNext(login.useSearch().next)} />;
  },
});

const app = createRoute({
  getParentRoute: () => root,
  id: "app",
  beforeLoad: ({ location }) => {
    if (useHub.getState().auth !== "signed-out") return;
    const next = safeNext(location.href);
    throw redirect({ to: "/login", search: next === "/" ? {} : { next }, replace: true });
  },
  component: Shell,
});

const index = createRoute({ getParentRoute: () => app, path: "/", component: SessionsScreen });

const session = createRoute({
  getParentRoute: () => app,
  path: "/sessions/$sessionId",
  component: lazyRouteComponent(() => import("./session-route.tsx"), "SessionRoute"),
});

const inbox = createRoute({
  getParentRoute: () => app,
  path: "/inbox",
  component: lazyRouteComponent(() => import("../features/inbox/inbox-screen.tsx"), "InboxScreen"),
});

const machines = createRoute({
  getParentRoute: () => app,
  path: "/machines",
  component: lazyRouteComponent(() => import("../features/machines/machines-screen.tsx"), "MachinesScreen"),
});

const more = createRoute({
  getParentRoute: () => app,
  path: "/more",
  component: lazyRouteComponent(() => import("../features/settings/settings-screen.tsx"), "MoreScreen"),
});

const settings = createRoute({
  getParentRoute: () => app,
  path: "/settings",
  component: lazyRouteComponent(() => import("../features/settings/settings-screen.tsx"), "SettingsScreen"),
});

export interface NewSessionSearch {
  machine?: string;
  directory?: string;
}

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

const newSession = createRoute({
  getParentRoute: () => app,
  path: "/new",
  validateSearch: (search: Record<string, unknown>): NewSessionSearch => {
    const machine = text(search["machine"]);
    const directory = text(search["directory"]);
    return { ...(machine === undefined ? {} : { machine }), ...(directory === undefined ? {} : { directory }) };
  },
  component: lazyRouteComponent(() => import("../features/new-session/new-session-route.tsx"), "NewSessionRoute"),
});

const routeTree = root.addChildren([login, app.addChildren([index, session, inbox, machines, more, settings, newSession])]);

export const router = createRouter({ routeTree, defaultPreload: "intent", scrollRestoration: false });

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
