/** Installing as an app: the browser's own offer where there is one, the way to do it by hand on iOS, nothing once installed. */
import { Group } from "../screen/screen.tsx";
import { useT } from "../../i18n/index.ts";
import { Button } from "../../ui/button.tsx";
import { attempt } from "../sessions/attempt.ts";
import { useInstallOffer } from "./install.ts";

export function InstallRow() {
  const t = useT();
  const offer = useInstallOffer();
  if (offer.kind === "none") return null;
  return (
    <Group title={t("settings.app")}>
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 px-4 py-3">
        <div className="min-w-0 flex-1">
          <p>{t("settings.install")}</p>
          <p className="text-small text-quiet">{offer.kind === "by-hand" ? t("settings.install.ios") : t("settings.install.hint")}</p>
        </div>
        {offer.kind === "prompt" && (
          <Button onClick={() => attempt(t("settings.install"), offer.install())}>{t("settings.install.do")}</Button>
        )}
      </div>
    </Group>
  );
}
