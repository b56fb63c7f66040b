/** What is lost, before it is: revoking can't be taken back, but for the shared token. */
import type { CredentialView } from "@hapi/protocol/credentials";
import { useState } from "react";
import { useT, type Translate } from "../../../i18n/index.ts";
import { Button } from "../../../ui/button.tsx";
import { Sheet } from "../../../ui/sheet.tsx";
import { showToast } from "../../../ui/toast.ts";
import { attempted } from "../../sessions/attempt.ts";
import { nameOf } from "./devices.model.ts";
import { devicesApi } from "./use-devices.ts";

/** One of them, or that many others. */
export type Revoking = { kind: "one"; credential: CredentialView } | { kind: "others"; count: number };

interface Words {
  title: string;
  body: string;
  warning?: string;
  confirm: string;
}

const LOSSES = {
  person: "devices.revoke.body",
  device: "devices.revoke.body",
  machine: "devices.revoke.machine",
  integration: "devices.revoke.program",
} as const;

function wordsFor(revoking: Revoking, t: Translate): Words {
  if (revoking.kind === "others")
    return {
      title: t("devices.others.title"),
      body: t("devices.others.body", { count: revoking.count }),
      confirm: t("devices.others"),
    };
  const { credential } = revoking;
  if (credential.kind === "legacy")
    return {
      title: t("devices.legacy.off.title"),
      body: t("devices.legacy.off.body"),
      ...(credential.isThis ? { warning: t("devices.legacy.off.this") } : {}),
      confirm: t("devices.legacy.turnOff"),
    };
  return {
    title: t("devices.revoke.title", { name: nameOf(credential, t) }),
    body: t(LOSSES[credential.kind]),
    confirm: t("devices.revoke"),
  };
}

async function revoke(revoking: Revoking, t: Translate): Promise<void> {
  if (revoking.kind === "others") {
    const count = await devicesApi().revokeOthers();
    showToast({ tone: "done", text: t("devices.others.done", { count }) });
    return;
  }
  await devicesApi().revoke(revoking.credential.id);
  showToast({ tone: "done", text: t("devices.revoked", { name: nameOf(revoking.credential, t) }) });
}

export function RevokeSheet({ revoking, onClose, onDone }: { revoking: Revoking; onClose: () => void; onDone: () => void }) {
  const t = useT();
  const [busy, setBusy] = useState(false);
  const { title, body, warning, confirm } = wordsFor(revoking, t);
  const run = async (): Promise<void> => {
    setBusy(true);
    const isDone = await attempted(confirm, revoke(revoking, t));
    setBusy(false);
    // also after a failure: the list may have been an old one
    onDone();
    if (isDone) onClose();
  };
  return (
    <Sheet
      open
      onClose={onClose}
      title={title}
      footer={
        <>
          <Button onClick={onClose}>{t("action.cancel")}</Button>
          <Button tone="danger" busy={busy} onClick={() => void run()}>
            {confirm}
          </Button>
        </>
      }
    >
      <p className="wrap-any">{body}</p>
      {warning && <p className="mt-2 font-strong text-failed">{warning}</p>}
    </Sheet>
  );
}
