/** The phone's first level: the list with its heading. On a desk the list is the left column, and this place shows the home screen. */
import { Suspense } from "react";
import { go } from "../../app/go.ts";
import { lazyScreen, type ScreenProps } from "../../app/routing/screens.tsx";
import { isDesk, useIsDesk } from "../../app/use-media.ts";
import { useT } from "../../i18n/index.ts";
import { IconButton } from "../../ui/button.tsx";
import { Skeleton } from "../../ui/skeleton.tsx";
import { SessionList } from "./session-list.tsx";

const home = lazyScreen(async () => (await import("../home/home-screen.tsx")).HomeScreen);

/** What this place needs before it shows. */
export const loadSessions = (): Promise<unknown> => (isDesk() ? home.load() : Promise.resolve());

export function SessionsScreen(props: ScreenProps) {
  const t = useT();
  const desk = useIsDesk();
  if (desk) {
    return <Suspense fallback={<Skeleton />}>{home.render(props)}</Suspense>;
  }
  return (
    <>
      <header className="flex min-h-12 shrink-0 items-center ps-4 pe-2 pt-[env(safe-area-inset-top,0px)]">
        <h1 className="me-auto text-title font-strong">{t("list.title")}</h1>
        <IconButton icon="plus" label={t("list.new")} onClick={() => go.newSession()} />
      </header>
      <SessionList />
    </>
  );
}
