/** On the page of devices: the passkeys there are, and a way to add one where this page's address allows it. */
import "../../i18n/passkeys.ts";
import type { PasskeyView } from "@hapi/protocol/passkeys";
import { type ReactNode, useState } from "react";
import { errorText } from "../../i18n/error-words.ts";
import { useT } from "../../i18n/index.ts";
import { Button } from "../../ui/button.tsx";
import { Icon } from "../../ui/icons.tsx";
import { RelativeTime } from "../../ui/relative-time.tsx";
import { Group } from "../screen/screen.tsx";
import { canUsePasskeys, isPlaceForPasskeys } from "./authenticator.ts";
import { AddPasskeySheet, ChangePasskeySheet } from "./passkey-sheets.tsx";
import { usePasskeyList } from "./use-passkeys.ts";

export function PasskeysGroup() {
  const t = useT();
  const { passkeys, error, reload } = usePasskeyList();
  const [adding, setAdding] = useState(false);
  const [changing, setChanging] = useState<PasskeyView | null>(null);
  // a hub of an older make
  if (error?.code === "not_found") return null;
  if (!passkeys && !error) return null;
  return (
    <Group title={t("passkeys.title")}>
      {error && (
        <p role="alert" className="px-4 py-3 text-failed">
          {t("passkeys.failed", { reason: errorText(error, t) })}
        </p>
      )}
      {passkeys && passkeys.length > 0 && (
        <ul className="divide-y divide-line">
          {passkeys.map((passkey) => (
            <PasskeyRow key={passkey.id} passkey={passkey} onChange={() => setChanging(passkey)} />
          ))}
        </ul>
      )}
      <Foot isEmpty={passkeys?.length === 0} onAdd={() => setAdding(true)} />
      {adding && <AddPasskeySheet onClose={() => setAdding(false)} onDone={reload} />}
      {changing && <ChangePasskeySheet passkey={changing} onClose={() => setChanging(null)} onDone={reload} />}
    </Group>
  );
}

function Foot({ isEmpty, onAdd }: { isEmpty: boolean; onAdd: () => void }) {
  const t = useT();
  const why = !isPlaceForPasskeys() ? t("passkeys.unavailable", { host: window.location.hostname }) : t("passkeys.unsupported");
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 px-4 py-3">
      {isEmpty && <p className="min-w-0 flex-1 basis-64 text-quiet">{t("passkeys.empty")}</p>}
      {canUsePasskeys() ? (
        <Button icon="plus" onClick={onAdd}>
          {t("passkeys.add")}
        </Button>
      ) : (
        <p className="basis-full text-small wrap-any text-quiet">{why}</p>
      )}
    </div>
  );
}

function PasskeyRow({ passkey, onChange }: { passkey: PasskeyView; onChange: () => void }) {
  const t = useT();
  const { name, host, isSynced, createdAt, lastUsedAt } = passkey;
  const parts: ReactNode[] = [
    <When key="made" label={t("passkeys.made")} at={createdAt} />,
    lastUsedAt === null ? t("passkeys.unused") : <When key="used" label={t("passkeys.used")} at={lastUsedAt} />,
    ...(isSynced ? [t("passkeys.synced")] : []),
    ...(host === window.location.hostname ? [] : [<bdi key="host">{t("passkeys.at", { host })}</bdi>]),
  ];
  return (
    <li className="flex items-start gap-3 py-2 ps-4 pe-2">
      <span className="flex target shrink-0 items-center text-quiet">
        <Icon name="lock" />
      </span>
      <div className="min-w-0 flex-1 pb-1">
        <div className="flex target items-center gap-2">
          <h3 dir="auto" className="min-w-0 flex-1 truncate text-start font-strong">
            {name}
          </h3>
          <Button tone="quiet" className="shrink-0" aria-label={`${t("passkeys.change")}: ${name}`} onClick={onChange}>
            {t("passkeys.change")}
          </Button>
        </div>
        <p className="text-small wrap-any text-quiet">
          {parts.map((part, at) => (
            <span key={at}>
              {at > 0 && " · "}
              {part}
            </span>
          ))}
        </p>
      </div>
    </li>
  );
}

function When({ label, at }: { label: string; at: number }) {
  return (
    <>
      {label} <RelativeTime at={at} />
    </>
  );
}
