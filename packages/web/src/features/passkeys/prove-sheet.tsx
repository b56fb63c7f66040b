/** The hub asks whether it is really this person, before it does what they asked for. What they say no to is not done. */
import "../../i18n/passkeys.ts";
import { passkeyCalls } from "@hapi/client/passkeys";
import { useState } from "react";
import { errorText } from "../../i18n/error-words.ts";
import { useT } from "../../i18n/index.ts";
import { hubLink } from "../../sync/link.ts";
import { useHub } from "../../sync/store.ts";
import { Button } from "../../ui/button.tsx";
import { Sheet } from "../../ui/sheet.tsx";
import { canUsePasskeys, usePasskey as askForPasskey } from "./authenticator.ts";

/** False: none was chosen. */
async function prove(): Promise<boolean> {
  const calls = passkeyCalls(hubLink().api);
  const asked = await askForPasskey(await calls.proofOptions());
  if (asked.kind !== "answered") return false;
  await calls.prove(asked.response);
  return true;
}

export function ProveSheet() {
  const t = useT();
  const asking = useHub((state) => state.proving);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  if (asking.length === 0) return null;
  const close = (isProved: boolean): void => {
    useHub.setState({ proving: [] });
    for (const tell of asking) tell(isProved);
  };
  const start = async (): Promise<void> => {
    setBusy(true);
    setProblem(null);
    try {
      if (await prove()) close(true);
      else setProblem(t("passkeys.prove.none"));
    } catch (cause) {
      setProblem(errorText(cause, t));
    }
    setBusy(false);
  };
  return (
    <Sheet
      open
      onClose={() => close(false)}
      title={t("passkeys.prove.title")}
      footer={
        <>
          <Button onClick={() => close(false)}>{t("action.cancel")}</Button>
          {canUsePasskeys() && (
            <Button tone="primary" icon="lock" busy={busy} onClick={() => void start()}>
              {t("passkeys.prove.use")}
            </Button>
          )}
        </>
      }
    >
      <p>{t("passkeys.prove.body")}</p>
      {!canUsePasskeys() && <p className="mt-2 text-quiet">{t("passkeys.unavailable", { host: window.location.hostname })}</p>}
      {problem && (
        <p role="alert" className="mt-2 text-failed">
          {problem}
        </p>
      )}
    </Sheet>
  );
}
