/** Another device: first what it may do, then a code that lets it in once. */
import type { DeviceRole, OneTimeCode } from "@hapi/client/credentials";
import { useState } from "react";
import { useT } from "../../../i18n/index.ts";
import { Button } from "../../../ui/button.tsx";
import { Sheet } from "../../../ui/sheet.tsx";
import { attempted } from "../../sessions/attempt.ts";
import { CodeCard } from "./code-card.tsx";
import { DEVICE_ROLES } from "./devices.model.ts";
import { endOf } from "./use-code.ts";
import { devicesApi } from "./use-devices.ts";

interface Made {
  code: OneTimeCode;
  role: DeviceRole;
  endsAt: number;
}

export function PairSheet({ onClose, onUsed }: { onClose: () => void; onUsed: () => void }) {
  const t = useT();
  const [role, setRole] = useState<DeviceRole>("operator");
  const [made, setMade] = useState<Made | null>(null);
  const [busy, setBusy] = useState(false);
  const make = async (): Promise<void> => {
    setBusy(true);
    const asked = devicesApi().makeCode(role);
    if (await attempted(t("pair.make"), asked)) {
      const code = await asked;
      setMade({ code, role, endsAt: endOf(code, Date.now()) });
    }
    setBusy(false);
  };
  if (made) return <CodeCard key={made.code.code} {...made} onUsed={onUsed} onAgain={() => setMade(null)} onClose={onClose} />;
  return (
    <Sheet
      open
      onClose={onClose}
      title={t("pair.title")}
      footer={
        <>
          <Button onClick={onClose}>{t("action.cancel")}</Button>
          <Button tone="primary" busy={busy} onClick={() => void make()}>
            {t("pair.make")}
          </Button>
        </>
      }
    >
      <RoleChoice chosen={role} onChoose={setRole} />
    </Sheet>
  );
}

function RoleChoice({ chosen, onChoose }: { chosen: DeviceRole; onChoose: (role: DeviceRole) => void }) {
  const t = useT();
  return (
    <fieldset>
      <legend className="mb-2 text-small font-strong text-quiet">{t("pair.role")}</legend>
      <div className="divide-y divide-line overflow-hidden rounded-card border border-line">
        {DEVICE_ROLES.map((role) => (
          <label
            key={role}
            className="relative flex cursor-pointer items-start gap-3 px-4 py-3 hover:bg-hover has-checked:bg-accent-wash has-focus-visible:outline-2 has-focus-visible:outline-accent"
          >
            <input
              type="radio"
              name="role"
              value={role}
              checked={role === chosen}
              onChange={() => onChoose(role)}
              className="mt-1 shrink-0"
            />
            <span className="min-w-0 font-strong">
              {t(`devices.role.${role}`)}
              <span className="block text-small font-normal text-quiet">{t(`devices.role.${role}.hint`)}</span>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
