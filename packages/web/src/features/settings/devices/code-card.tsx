/** The code, large: to scan, to type, to send as a link. It says by itself when it was used or is over. */
import type { DeviceRole, OneTimeCode } from "@hapi/client/credentials";
import type { ReactNode } from "react";
import { errorText } from "../../../i18n/error-words.ts";
import { dateLocale, type Translate, useT } from "../../../i18n/index.ts";
import { credentials } from "../../../sync/auth.ts";
import { Button } from "../../../ui/button.tsx";
import { copyText } from "../../../ui/copy-text.ts";
import { Icon } from "../../../ui/icons.tsx";
import { Sheet } from "../../../ui/sheet.tsx";
import { showToast } from "../../../ui/toast.ts";
import { attempted } from "../../sessions/attempt.ts";
import { clockOf, isLoopback, linkOf } from "./devices.model.ts";
import { QrCode } from "./qr-code.tsx";
import { type CodeFate, useCode } from "./use-code.ts";
import { devicesApi } from "./use-devices.ts";

interface CodeCardProps {
  code: OneTimeCode;
  role: DeviceRole;
  endsAt: number;
  onUsed: () => void;
  onAgain: () => void;
  onClose: () => void;
}

export function CodeCard({ code, role, endsAt, onUsed, onAgain, onClose }: CodeCardProps) {
  const t = useT();
  const fate = useCode(code, endsAt, onUsed);
  const link = linkOf(credentials.baseUrl(), code.code);
  const isOpen = fate.kind === "open";
  return (
    <Sheet
      open
      onClose={onClose}
      title={t("pair.title")}
      footer={
        <>
          {isOpen && code.id !== undefined && (
            <Button tone="quiet" className="text-failed!" onClick={() => void withdraw(code.id ?? "", t).then((is) => is && onClose())}>
              {t("pair.withdraw")}
            </Button>
          )}
          {fate.kind === "over" && <Button onClick={onAgain}>{t("pair.another")}</Button>}
          <Button tone={isOpen ? "plain" : "primary"} onClick={onClose}>
            {isOpen ? t("action.close") : t("pair.done")}
          </Button>
        </>
      }
    >
      <div className="flex flex-col items-center gap-3 py-2 text-center">
        {isOpen && <UnusedCode code={code.code} link={link} role={role} fate={fate} />}
        <div role="status" className="contents">
          {fate.kind === "used" && (
            <Outcome icon={<Icon name="check" size={24} className="text-done" />} title={t("pair.used", { name: fate.name })}>
              {t("pair.used.hint", { time: new Date(fate.at).toLocaleTimeString(dateLocale(), { timeStyle: "short" }) })}
            </Outcome>
          )}
          {fate.kind === "over" && (
            <Outcome icon={<Icon name="clock" size={24} className="text-quiet" />} title={t("pair.over")}>
              {t("pair.over.hint")}
            </Outcome>
          )}
        </div>
      </div>
    </Sheet>
  );
}

/** @returns whether the sheet has nothing to say any more: one that was used meanwhile says so itself */
async function withdraw(id: string, t: Translate): Promise<boolean> {
  const asked = devicesApi().withdrawCode(id);
  if (!(await attempted(t("pair.withdraw"), asked)) || !(await asked)) return false;
  showToast({ tone: "done", text: t("pair.withdrawn") });
  return true;
}

function UnusedCode({
  code,
  link,
  role,
  fate,
}: {
  code: string;
  link: string;
  role: DeviceRole;
  fate: Extract<CodeFate, { kind: "open" }>;
}) {
  const t = useT();
  const hub = credentials.baseUrl();
  const { host } = new URL(hub);
  return (
    <>
      <QrCode text={link} label={t("pair.qr")} />
      <p dir="ltr" aria-label={t("pair.code")} className="font-mono text-title font-strong select-all">
        {code}
      </p>
      <p role="timer" aria-label={t("pair.leftLabel")} className="tabular-nums">
        {t("pair.left", { time: clockOf(fate.leftMs) })}
      </p>
      {/* in here, so that a keyboard gets to what a low window cuts off */}
      <CopyLink link={link} />
      <p className="wrap-any text-quiet">
        {t("pair.scan", { host })} <span className="block">{t("pair.becomes", { role: t(`devices.role.${role}`) })}</span>
      </p>
      {isLoopback(hub) && (
        <p className="rounded-control bg-waiting-wash px-3 py-2 text-small text-waiting">{t("pair.loopback", { host })}</p>
      )}
      {fate.error && (
        <p role="alert" className="text-small text-failed">
          {t("pair.unheard", { reason: errorText(fate.error, t) })}
        </p>
      )}
    </>
  );
}

function Outcome({ icon, title, children }: { icon: ReactNode; title: string; children: ReactNode }) {
  return (
    <>
      {icon}
      <p className="font-strong wrap-any">{title}</p>
      <p className="max-w-[44ch] text-balance text-quiet">{children}</p>
    </>
  );
}

function CopyLink({ link }: { link: string }) {
  const t = useT();
  return (
    <Button
      icon="copy"
      onClick={(event) =>
        void copyText(link, event.currentTarget).then((isCopied) =>
          showToast({ id: "copy", tone: "idle", text: t(isCopied ? "pair.copied" : "ui.notCopied") }),
        )
      }
    >
      {t("pair.copyLink")}
    </Button>
  );
}
