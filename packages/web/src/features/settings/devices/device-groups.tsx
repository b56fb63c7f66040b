/** The list, by what they are: people's devices, programs, the shared token, and folded at the end those that are let in no longer. */
import type { CredentialView } from "@hapi/protocol/credentials";
import { type ReactNode, useState } from "react";
import { useT } from "../../../i18n/index.ts";
import { Button } from "../../../ui/button.tsx";
import { Group } from "../../screen/screen.tsx";
import { attempted } from "../../sessions/attempt.ts";
import { DeviceRow } from "./device-row.tsx";
import { grouped, nameOf, othersOf } from "./devices.model.ts";
import type { Revoking } from "./revoke-sheet.tsx";
import { devicesApi } from "./use-devices.ts";

interface DeviceGroupsProps {
  credentials: readonly CredentialView[];
  onRevoke: (revoking: Revoking) => void;
  onRename: (credential: CredentialView) => void;
  onChanged: () => void;
}

export function DeviceGroups({ credentials, onRevoke, onRename, onChanged }: DeviceGroupsProps) {
  const t = useT();
  const groups = grouped(credentials, Date.now());
  const showNamespace = new Set(credentials.filter(({ kind }) => kind !== "legacy").map(({ namespace }) => namespace)).size > 1;
  const count = othersOf(groups).length;
  const rows = (list: readonly CredentialView[]) =>
    list.map((credential) => (
      <DeviceRow
        key={credential.id}
        credential={credential}
        showNamespace={showNamespace}
        onRename={() => onRename(credential)}
        action={
          // one leaves by signing out, which also forgets what is kept here
          !credential.isThis && (
            <RowButton name={nameOf(credential, t)} onClick={() => onRevoke({ kind: "one", credential })}>
              {t("devices.revoke")}
            </RowButton>
          )
        }
      />
    ));
  return (
    <>
      <Group title={t("devices.group.devices")}>
        {groups.devices.length > 0 ? <List>{rows(groups.devices)}</List> : <p className="px-4 py-3 text-quiet">{t("devices.none")}</p>}
      </Group>
      {groups.programs.length > 0 && (
        <Group title={t("devices.group.programs")}>
          <List>{rows(groups.programs)}</List>
        </Group>
      )}
      {groups.shared && (
        <Group title={t("devices.group.shared")}>
          <List>
            <SharedRow credential={groups.shared} onRevoke={onRevoke} onChanged={onChanged} />
          </List>
        </Group>
      )}
      {count > 0 && (
        <div className="mb-6 flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
          <p className="min-w-0 text-small text-quiet">{t("devices.others.hint")}</p>
          <Button tone="danger" onClick={() => onRevoke({ kind: "others", count })}>
            {t("devices.others")}
          </Button>
        </div>
      )}
      {groups.ended.length > 0 && <Ended ended={groups.ended} showNamespace={showNamespace} />}
    </>
  );
}

const List = ({ children }: { children: ReactNode }) => <ul className="divide-y divide-line">{children}</ul>;

function RowButton({ name, onClick, children }: { name: string; onClick: () => void; children: string }) {
  return (
    <Button tone="quiet" className="shrink-0 text-failed!" aria-label={`${children}: ${name}`} onClick={onClick}>
      {children}
    </Button>
  );
}

function SharedRow({
  credential,
  onRevoke,
  onChanged,
}: { credential: CredentialView } & Omit<DeviceGroupsProps, "credentials" | "onRename">) {
  const t = useT();
  const [busy, setBusy] = useState(false);
  const isOff = credential.revokedAt !== null;
  const turnOn = async (): Promise<void> => {
    setBusy(true);
    // as what it was before
    await attempted(t("devices.legacy.turnOn"), devicesApi().setRole(credential.id, credential.role));
    setBusy(false);
    onChanged();
  };
  return (
    <DeviceRow
      credential={credential}
      showNamespace={false}
      isEnded={isOff}
      hint={t(isOff ? "devices.legacy.off" : "devices.legacy.hint")}
      action={
        isOff ? (
          <Button tone="quiet" busy={busy} className="shrink-0" onClick={() => void turnOn()}>
            {t("devices.legacy.turnOn")}
          </Button>
        ) : (
          <RowButton name={t("devices.legacy.name")} onClick={() => onRevoke({ kind: "one", credential })}>
            {t("devices.legacy.turnOff")}
          </RowButton>
        )
      }
    />
  );
}

function Ended({ ended, showNamespace }: { ended: readonly CredentialView[]; showNamespace: boolean }) {
  const t = useT();
  const [open, setOpen] = useState(false);
  return (
    <Group title={t("devices.group.ended")}>
      <button
        type="button"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        className="target w-full px-4 text-start text-accent hover:bg-hover"
      >
        {open ? t("devices.ended.hide") : t("devices.ended.show", { count: ended.length })}
      </button>
      {open && (
        <List>
          {ended.map((credential) => (
            <DeviceRow key={credential.id} credential={credential} showNamespace={showNamespace} isEnded />
          ))}
        </List>
      )}
    </Group>
  );
}
