/** A name by which its owner knows a device again: browsers of one make call themselves all the same. */
import type { CredentialView } from "@hapi/protocol/credentials";
import { useState, type SyntheticEvent } from "react";
import { useT } from "../../../i18n/index.ts";
import { Button } from "../../../ui/button.tsx";
import { Field } from "../../../ui/field.tsx";
import { Sheet } from "../../../ui/sheet.tsx";
import { attempted } from "../../sessions/attempt.ts";
import { devicesApi } from "./use-devices.ts";

const MAX_NAME = 80;

export function RenameSheet({ credential, onClose, onDone }: { credential: CredentialView; onClose: () => void; onDone: () => void }) {
  const t = useT();
  const [name, setName] = useState(credential.name);
  const [busy, setBusy] = useState(false);
  const save = async (event: SyntheticEvent): Promise<void> => {
    event.preventDefault();
    if (busy || name.trim() === "") return;
    setBusy(true);
    const isDone = await attempted(t("devices.rename"), devicesApi().rename(credential.id, name.trim()));
    setBusy(false);
    onDone();
    if (isDone) onClose();
  };
  return (
    <Sheet
      open
      onClose={onClose}
      title={t("devices.rename")}
      footer={
        <>
          <Button onClick={onClose}>{t("action.cancel")}</Button>
          <Button tone="primary" busy={busy} disabled={name.trim() === ""} onClick={(event) => void save(event)}>
            {t("devices.rename.save")}
          </Button>
        </>
      }
    >
      <form onSubmit={(event) => void save(event)}>
        <Field
          label={t("devices.rename.name")}
          value={name}
          maxLength={MAX_NAME}
          autoFocus
          onChange={(event) => setName(event.target.value)}
        />
      </form>
    </Sheet>
  );
}
