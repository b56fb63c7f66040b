/** In the place of a conversation that this device does not keep, while no hub can be reached. */
import { useT } from "../../../i18n/index.ts";
import { EmptyState } from "../../../ui/empty-state.tsx";

export function AbsentRows() {
  const t = useT();
  return <EmptyState icon="clock" title={t("absent.title")} hint={t("absent.hint")} />;
}
