/**
 * The frame around every screen. Phone: one level at a time and a bottom bar. Desk: the list beside whatever is open. The list stays
 * mounted on a desk, so its scroll and selection survive every navigation.
 */
import { Suspense, useEffect, useRef, type ReactNode } from "react";
import { ConnectionBar } from "../features/connection/connection-bar.tsx";
import { useT } from "../i18n/index.ts";
import { Toaster } from "../ui/toast.tsx";
import { BottomBar } from "./bottom-bar.tsx";
import { Later } from "./later.ts";
import { levelOf } from "./levels.model.ts";
import { usePreferences } from "./preferences.ts";
import { lazyPart } from "./routing/screens.tsx";
import { isDesk, useIsDesk } from "./use-media.ts";

/** Keys are pressed after the first paint. */
const NO_PROPS = {};
const loadCommands = async () => (await import("./command-layer.tsx")).CommandLayer;
/** A phone never needs it. */
const sidebar = lazyPart(async () => (await import("./sidebar.tsx")).Sidebar);

/** What the frame needs before it shows. */
export const loadShell = (): Promise<unknown> => (isDesk() ? sidebar.load() : Promise.resolve());

export function Shell({ pathname, children }: { pathname: string; children: ReactNode }) {
  const t = useT();
  const desk = useIsDesk();
  const listWidth = usePreferences((state) => (state.listHidden ? 44 : state.listWidth));
  const level = levelOf(pathname);
  const main = useRef<HTMLElement>(null);
  useEffect(() => {
    // what had the focus is gone with the last screen: go on reading at the new one
    if (document.activeElement === document.body) main.current?.focus({ preventScroll: true });
  }, [pathname]);
  return (
    <div className="flex h-dvh flex-col overflow-hidden bg-ground">
      <a
        href="#content"
        className="sr-only rounded-control bg-raised px-3 py-2 focus:not-sr-only focus:absolute focus:start-2 focus:top-2 focus:z-50"
      >
        {t("app.skip")}
      </a>
      <ConnectionBar />
      <div className="flex min-h-0 flex-1">
        {desk && (
          <Suspense fallback={<div className="shrink-0 border-e border-line bg-sunken" style={{ width: listWidth }} />}>
            {sidebar.render({})}
          </Suspense>
        )}
        <main ref={main} id="content" tabIndex={-1} className="flex min-h-0 min-w-0 flex-1 flex-col outline-none">
          {children}
        </main>
      </div>
      {!desk && level === "top" && <BottomBar />}
      <Toaster />
      <Later load={loadCommands} props={NO_PROPS} />
    </div>
  );
}
