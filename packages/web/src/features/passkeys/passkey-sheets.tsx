/** Adding a passkey, and changing or deleting one. */
import type { PasskeyView } from "@hapi/protocol/passkeys";
import { useState } from "react";
import { useT } from "../../i18n/index.ts";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { Sheet } from "../../ui/sheet.tsx";
import { showToast } from "../../ui/toast.ts";
import { attempted } from "../sessions/attempt.ts";
import { makePasskey } from "./authenticator.ts";
import { passkeysApi } from "./use-passkeys.ts";

const MAX_NAME = 80;

function NameField({ name, onChange }: { name: string; onChange: (name: string) => void }) {
  const t = useT();
  return (
    <Field
      label={t("passkeys.name")}
      value={name}
      maxLength={MAX_NAME}
      autoComplete="off"
      autoFocus
      onChange={(event) => onChange(event.target.value)}
    />
  );
}

export function AddPasskeySheet({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const t = useT();
  const [name, setName] = useState("");
  const [busy, setBusy] = useState(false);
  const wanted = name.trim();
  const add = async (): Promise<void> => {
    const asked = await makePasskey(await passkeysApi().creationOptions());
    if (asked.kind === "known") showToast({ tone: "idle", text: t("passkeys.known") });
    if (asked.kind !== "answered") return;
    await passkeysApi().add(wanted, asked.response);
    showToast({ tone: "done", text: t("passkeys.added", { name: wanted }) });
    onDone();
    onClose();
  };
  const run = async (): Promise<void> => {
    setBusy(true);
    await attempted(t("passkeys.add"), add());
    setBusy(false);
  };
  return (
    <Sheet
      open
      onClose={onClose}
      title={t("passkeys.add")}
      footer={
        <>
          <Button onClick={onClose}>{t("action.cancel")}</Button>
          <Button tone="primary" busy={busy} disabled={wanted === ""} onClick={() => void run()}>
            {t("passkeys.add.go")}
          </Button>
        </>
      }
    >
      <p className="mb-3">{t("passkeys.add.body")}</p>
      <NameField name={name} onChange={setName} />
    </Sheet>
  );
}

interface ChangeProps {
  passkey: PasskeyView;
  onClose: () => void;
  onDone: () => void;
}

export function ChangePasskeySheet({ passkey, onClose, onDone }: ChangeProps) {
  const t = useT();
  const [name, setName] = useState(passkey.name);
  const [busy, setBusy] = useState(false);
  const wanted = name.trim();
  const run = async (what: string, work: Promise<unknown>): Promise<boolean> => {
    setBusy(true);
    const isDone = await attempted(what, work);
    setBusy(false);
    // also after a failure: the list may have been an old one
    onDone();
    if (isDone) onClose();
    return isDone;
  };
  const remove = async (): Promise<void> => {
    if (await run(t("passkeys.delete"), passkeysApi().remove(passkey.id)))
      showToast({ tone: "done", text: t("passkeys.deleted", { name: passkey.name }) });
  };
  return (
    <Sheet
      open
      onClose={onClose}
      title={t("passkeys.change.title")}
      footer={
        <>
          <Button tone="danger" busy={busy} onClick={() => void remove()}>
            {t("passkeys.delete")}
          </Button>
          <Button
            tone="primary"
            busy={busy}
            disabled={wanted === ""}
            onClick={() => void run(t("passkeys.save"), passkeysApi().rename(passkey.id, wanted))}
          >
            {t("passkeys.save")}
          </Button>
        </>
      }
    >
      <NameField name={name} onChange={setName} />
      <p className="mt-3 text-small text-quiet">{t("passkeys.delete.body")}</p>
    </Sheet>
  );
}
