/** A link that leads to another hub changes nothing until the person said so: what they then type and approve would go there. */
import "../../i18n/screens.ts";
import { useT } from "../../i18n/index.ts";
import { credentials } from "../../sync/auth.ts";
import { takeOffer } from "../../sync/hub-offer.ts";
import { useHub } from "../../sync/store.ts";
import { Button } from "../../ui/button.tsx";
import { Sheet } from "../../ui/sheet.tsx";

export function HubOffer() {
  const t = useT();
  const offered = useHub((state) => state.offeredHub);
  if (offered === null) return null;
  const stay = (): void => useHub.setState({ offeredHub: null });
  const current = new URL(credentials.baseUrl()).host;
  return (
    <Sheet
      open
      onClose={stay}
      title={t("hubOffer.title")}
      footer={
        <>
          <Button tone="quiet" onClick={() => takeOffer(offered, credentials)}>
            {t("hubOffer.switch")}
          </Button>
          <Button tone="primary" onClick={stay}>
            {t("hubOffer.stay", { host: current })}
          </Button>
        </>
      }
    >
      <p>{t("hubOffer.body")}</p>
      <p dir="ltr" className="my-3 rounded-control bg-sunken p-3 font-mono text-code break-all">
        {offered.hub}
      </p>
      <p className="text-quiet">{t("hubOffer.warning")}</p>
    </Sheet>
  );
}
