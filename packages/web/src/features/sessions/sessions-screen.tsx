/** The phone's first level: the list with its heading. */
import "../../i18n/list.ts";
import { ConnectionNote } from "../connection/late-note.ts";
import { go } from "../../ground/go.ts";
import { useT } from "../../i18n/index.ts";
import { IconButton } from "../../ui/button.tsx";
import { SessionList } from "./session-list.tsx";

export function SessionsScreen() {
  const t = useT();
  return (
    <>
      <header className="flex min-h-12 shrink-0 items-center ps-4 pe-2 pt-[env(safe-area-inset-top,0px)]">
        <h1 className="shrink-0 text-title font-strong">{t("list.title")}</h1>
        <ConnectionNote />
        <IconButton icon="plus" className="ms-auto" label={t("list.new")} onClick={() => go.newSession()} />
      </header>
      <SessionList />
    </>
  );
}
