/** Everything that waits, from all sessions, answered right here. */
import "../../i18n/screens.ts";
import { Screen } from "../screen/screen.tsx";
import { useT } from "../../i18n/index.ts";
import { useHub } from "../../sync/store.ts";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Skeleton } from "../../ui/skeleton.tsx";
import { noteScroll } from "../chat/requests/index.ts";
import { InboxItems, useInboxEmpty } from "./inbox-items.tsx";

/** One function, so that the screen is watched once. */
const moved = (): void => noteScroll();

export function InboxScreen() {
  const t = useT();
  const loading = useHub((state) => !state.listed);
  const empty = useInboxEmpty();
  return (
    <Screen title={t("inbox.title")} onMove={moved}>
      {loading ? <Skeleton /> : empty ? <EmptyState icon="check" title={t("inbox.empty")} hint={t("inbox.empty.hint")} /> : <InboxItems />}
    </Screen>
  );
}
