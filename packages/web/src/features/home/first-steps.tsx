/** No session at all: the two ways to get one. */
import { go } from "../../ground/go.ts";
import { Screen } from "../screen/screen.tsx";
import { useT } from "../../i18n/index.ts";
import { Button } from "../../ui/button.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";

export function FirstSteps() {
  const t = useT();
  return (
    <Screen title={t("home.title")}>
      <EmptyState
        icon="terminal"
        title={t("list.empty")}
        hint={t("list.empty.hint")}
        action={
          <Button tone="primary" icon="plus" onClick={() => go.newSession()}>
            {t("list.new")}
          </Button>
        }
      />
    </Screen>
  );
}
