/** The phone's first level: the list with its heading. On a desk the list is the left column, and this place shows the home screen. */
import { lazy, Suspense } from "react";
import { go } from "../../app/go.ts";
import { useIsDesk } from "../../app/use-media.ts";
import { useT } from "../../i18n/index.ts";
import { IconButton } from "../../ui/button.tsx";
import { SessionList } from "./session-list.tsx";

const HomeScreen = lazy(async () => ({ default: (await import("../home/home-screen.tsx")).HomeScreen }));

export function SessionsScreen() {
  const t = useT();
  const desk = useIsDesk();
  if (desk) {
    return (
      <Suspense>
        <HomeScreen />
      </Suspense>
    );
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
