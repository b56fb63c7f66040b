/** Everything locked in one tap, said again before it is done; and how it is taken back. */
import { credentialCalls } from "@hapi/client/credentials";
import { useState } from "react";
import { useT } from "../../i18n/index.ts";
import { hubLink } from "../../sync/link.ts";
import { useHub } from "../../sync/store.ts";
import { Button } from "../../ui/button.tsx";
import { Icon } from "../../ui/icons.tsx";
import { Sheet } from "../../ui/sheet.tsx";
import { attempt, attempted } from "../sessions/attempt.ts";

const calls = () => credentialCalls(hubLink().api);

export function LockRow() {
  const t = useT();
  const locked = useHub((state) => state.locked);
  const [asking, setAsking] = useState(false);
  return (
    <div className="flex min-h-12 items-center justify-between gap-4 px-4 py-2">
      <div className="min-w-0">
        <p className="flex items-center gap-1.5">
          {locked && <Icon name="lock" size={16} className="text-failed" />}
          {t(locked ? "settings.locked" : "settings.lock")}
        </p>
        <p className="text-small text-quiet">{t(locked ? "settings.locked.hint" : "settings.lock.hint")}</p>
      </div>
      {locked ? (
        <Button className="shrink-0" onClick={() => attempt(t("settings.unlock"), calls().unlock())}>
          {t("settings.unlock")}
        </Button>
      ) : (
        <Button tone="danger" className="shrink-0" onClick={() => setAsking(true)}>
          {t("settings.lock.do")}
        </Button>
      )}
      {asking && <LockSheet onClose={() => setAsking(false)} />}
    </div>
  );
}

function LockSheet({ onClose }: { onClose: () => void }) {
  const t = useT();
  const [busy, setBusy] = useState(false);
  const lock = async (): Promise<void> => {
    setBusy(true);
    const isLocked = await attempted(t("settings.lock"), calls().lock());
    setBusy(false);
    if (!isLocked) return;
    useHub.setState({ locked: true });
    onClose();
  };
  return (
    <Sheet
      open
      onClose={onClose}
      title={t("settings.lock.title")}
      footer={
        <>
          <Button onClick={onClose}>{t("action.cancel")}</Button>
          <Button tone="danger" busy={busy} onClick={() => void lock()}>
            {t("settings.lock")}
          </Button>
        </>
      }
    >
      <p>{t("settings.lock.body")}</p>
      <p className="mt-2">{t("settings.lock.goesOn")}</p>
      <p className="mt-2 font-strong">{t("settings.lock.back")}</p>
    </Sheet>
  );
}
