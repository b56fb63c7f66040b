/** Who may come in, and a way to take that back or to let another device in. What one may do here the hub decides. */
import "../../../i18n/devices.ts";
import "../../../i18n/later.ts";
import "../../../i18n/list.ts";
import type { AppError } from "@hapi/protocol";
import type { CredentialView } from "@hapi/protocol/credentials";
import { useState } from "react";
import { errorText } from "../../../i18n/error-words.ts";
import { useT } from "../../../i18n/index.ts";
import { Button } from "../../../ui/button.tsx";
import { EmptyState } from "../../../ui/empty-state.tsx";
import { Skeleton } from "../../../ui/skeleton.tsx";
import { Screen } from "../../screen/screen.tsx";
import { PasskeysGroup } from "../../passkeys/passkeys-group.tsx";
import { DeviceGroups } from "./device-groups.tsx";
import { Notices } from "./notices.tsx";
import { PairSheet } from "./pair-sheet.tsx";
import { RenameSheet } from "./rename-sheet.tsx";
import { RevokeSheet, type Revoking } from "./revoke-sheet.tsx";
import { useDevices } from "./use-devices.ts";

export function DevicesScreen() {
  const t = useT();
  const { credentials, notices, error, reload } = useDevices();
  const [pairing, setPairing] = useState(false);
  const [revoking, setRevoking] = useState<Revoking | null>(null);
  const [renaming, setRenaming] = useState<CredentialView | null>(null);
  // may have been narrowed since it was read
  const shown = error?.code === "scope_missing" ? null : credentials;
  return (
    <Screen
      title={t("devices.title")}
      back="/more"
      actions={
        shown && (
          <Button icon="plus" tone="primary" onClick={() => setPairing(true)}>
            {t("pair.open")}
          </Button>
        )
      }
    >
      {error ? <Failed error={error} onRetry={reload} /> : !credentials && <Skeleton />}
      {shown && <PasskeysGroup />}
      {shown && <DeviceGroups credentials={shown} onRevoke={setRevoking} onRename={setRenaming} onChanged={reload} />}
      {shown && <Notices notices={notices} />}
      {pairing && <PairSheet onClose={() => setPairing(false)} onUsed={reload} />}
      {renaming && <RenameSheet credential={renaming} onClose={() => setRenaming(null)} onDone={reload} />}
      {revoking && <RevokeSheet revoking={revoking} onClose={() => setRevoking(null)} onDone={reload} />}
    </Screen>
  );
}

function Failed({ error, onRetry }: { error: AppError; onRetry: () => void }) {
  const t = useT();
  if (error.code === "scope_missing") return <EmptyState icon="lock" title={t("devices.forbidden")} hint={t("devices.forbidden.hint")} />;
  return (
    <div className="mb-4 flex flex-wrap items-center gap-2">
      <p role="alert" className="text-failed">
        {t("devices.failed", { reason: errorText(error, t) })}
      </p>
      <Button onClick={onRetry}>{t("action.retry")}</Button>
    </div>
  );
}
