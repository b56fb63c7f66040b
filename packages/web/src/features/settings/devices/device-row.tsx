/** One that may come in: who, as what, when it last did and from where. */
import type { CredentialView } from "@hapi/protocol/credentials";
import { Fragment, type ReactNode } from "react";
import { dateLocale, useT, type Translate } from "../../../i18n/index.ts";
import { cx } from "../../../ui/cx.ts";
import { IconButton } from "../../../ui/button.tsx";
import { Icon, type IconName } from "../../../ui/icons.tsx";
import { RelativeTime } from "../../../ui/relative-time.tsx";
import { endedAt, nameOf, placeOf, roleName } from "./devices.model.ts";

const ICONS: Record<CredentialView["kind"], IconName> = {
  person: "phone",
  device: "phone",
  machine: "machine",
  integration: "terminal",
  legacy: "lock",
};

interface DeviceRowProps {
  credential: CredentialView;
  /** Other namespaces are seen beside it. */
  showNamespace: boolean;
  isEnded?: boolean;
  /** What it is, where its name does not say. */
  hint?: string;
  onRename?: () => void;
  action?: ReactNode;
}

export function DeviceRow({ credential, showNamespace, isEnded = false, hint, onRename, action }: DeviceRowProps) {
  const t = useT();
  const { kind, isThis, namespace } = credential;
  return (
    <li className="flex items-start gap-3 py-2 ps-4 pe-2">
      <span className="flex target shrink-0 items-center text-quiet">
        <Icon name={ICONS[kind]} />
      </span>
      <div className="min-w-0 flex-1 pb-1">
        <div className="flex target items-center gap-2">
          <div className="flex min-w-0 flex-1 flex-wrap items-baseline gap-x-2">
            <h3 dir="auto" className={cx("min-w-0 truncate text-start font-strong", isEnded && "text-quiet")}>
              {nameOf(credential, t)}
            </h3>
            {isThis && <span className="rounded-full bg-accent-wash px-2 text-small text-accent">{t("devices.this")}</span>}
          </div>
          {onRename && <IconButton icon="edit" label={t("devices.rename.label", { name: nameOf(credential, t) })} onClick={onRename} />}
          {action}
        </div>
        {hint && <p className="pe-2 text-small text-quiet">{hint}</p>}
        <Facts
          parts={[
            roleName(credential, t),
            kind === "integration" || kind === "machine" ? t(`devices.kind.${kind}`) : null,
            showNamespace && kind !== "legacy" ? <bdi key="namespace">{t("devices.namespace", { name: namespace })}</bdi> : null,
            isEnded ? null : untilOf(credential, t),
          ]}
        />
        <Facts parts={isEnded ? [<End key="end" credential={credential} />] : useOf(credential, t)} />
      </div>
    </li>
  );
}

/** In one line while they fit. */
function Facts({ parts }: { parts: ReactNode[] }) {
  return (
    <p className="text-small wrap-any text-quiet">
      {parts
        .filter((part) => part !== null)
        .map((part, at) => (
          <Fragment key={at}>
            {at > 0 && " · "}
            {part}
          </Fragment>
        ))}
    </p>
  );
}

function useOf({ lastUsedAt, lastUsedFrom }: CredentialView, t: Translate): ReactNode[] {
  if (lastUsedAt === null) return [t("devices.unused")];
  return [
    <When key="when" at={lastUsedAt} label="devices.used" />,
    lastUsedFrom === null ? null : <bdi key="from">{placeOf(lastUsedFrom, t)}</bdi>,
  ];
}

const untilOf = ({ expiresAt }: CredentialView, t: Translate): string | null =>
  expiresAt === null ? null : t("devices.until", { date: new Date(expiresAt).toLocaleDateString(dateLocale(), { dateStyle: "medium" }) });

function End({ credential }: { credential: CredentialView }) {
  return <When at={endedAt(credential)} label={credential.revokedAt === null ? "devices.expiredAt" : "devices.revokedAt"} />;
}

function When({ at, label }: { at: number; label: "devices.used" | "devices.revokedAt" | "devices.expiredAt" }) {
  const t = useT();
  return (
    <>
      {t(label)} <RelativeTime at={at} />
    </>
  );
}
