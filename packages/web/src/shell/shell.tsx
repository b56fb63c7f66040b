/**
 * The frame around every screen. Phone: one level at a time and a bottom bar. Desk: the list beside whatever is open. The list stays
 * mounted on a desk, so its scroll and selection survive every navigation.
 */
import { useEffect, useRef, useSyncExternalStore, type ReactNode } from "react";
import { useT } from "../i18n/index.ts";
import { levelOf } from "./levels.model.ts";
import { currentToasts, subscribeToasts } from "../ui/toast.ts";
import { part } from "../ui/part.tsx";
import { usePreferences } from "../ground/preferences.ts";
import { source } from "../ground/source.ts";
import { isDesk, useIsDesk } from "../ground/use-media.ts";

/** Keys are pressed after the first paint. */
const commands = source(() => import("./command-layer.tsx"));
const CommandLayer = part(commands, ({ CommandLayer }) => CommandLayer, { late: "quiet" });
const Toaster = part(
  source(() => import("../ui/toaster.tsx")),
  ({ Toaster }) => Toaster,
  { late: "quiet" },
);
/** A phone never needs it. */
const sidebar = source(() => import("./sidebar.tsx"));
const Sidebar = part(sidebar, ({ Sidebar }) => Sidebar, {
  waiting: () => <ListColumn />,
  frame: (word) => <ListColumn>{word}</ListColumn>,
});

function ListColumn({ children }: { children?: ReactNode }) {
  const width = usePreferences((state) => (state.listHidden ? 44 : state.listWidth));
  return (
    <div className="shrink-0 border-e border-line bg-sunken px-4 py-2" style={{ width }}>
      {children}
    </div>
  );
}

/** On a desk, and within a session, there is none. */
const bottomBar = source(() => import("./bottom-bar.tsx"));
const BottomBar = part(bottomBar, ({ BottomBar }) => BottomBar, { frame: (word) => <div className="px-4">{word}</div> });

/** What the frame needs before it shows. */
export function loadShell(pathname: string): Promise<unknown> {
  if (isDesk()) return sidebar.load();
  return levelOf(pathname) === "top" ? bottomBar.load() : Promise.resolve();
}

export function Shell({ pathname, children }: { pathname: string; children: ReactNode }) {
  const t = useT();
  const desk = useIsDesk();
  const hasNotes = useSyncExternalStore(subscribeToasts, currentToasts).length > 0;
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
      <div className="flex min-h-0 flex-1">
        {desk && <Sidebar />}
        <main ref={main} id="content" tabIndex={-1} className="flex min-h-0 min-w-0 flex-1 flex-col outline-none">
          {children}
        </main>
      </div>
      {!desk && level === "top" && <BottomBar />}
      {/* here before its first note, so that it is read out; the code comes with the note */}
      <div aria-live="polite">{hasNotes && <Toaster />}</div>
      <CommandLayer />
    </div>
  );
}
