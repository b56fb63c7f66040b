/** Choices of this device and the way out. On a phone "More" shows the same page. */
import "../../i18n/later.ts";
import "../../i18n/list.ts";
import "../../i18n/screens.ts";
import { useState, type ReactNode } from "react";
import { Group, Screen } from "../screen/screen.tsx";
import { showOverlay } from "../../ground/overlays.ts";
import { setTheme, THEMES, usePreferences } from "../../ground/preferences.ts";
import { applyUpdate, useUpdateReady } from "./updates.ts";
import { paths } from "../../ground/routing/match.ts";
import { useIsDesk } from "../../ground/use-media.ts";
import { currentLocale, LOCALES, setLocale, useT } from "../../i18n/index.ts";
import { credentials, signOut } from "../../sync/auth.ts";
import { useHub } from "../../sync/store.ts";
import { Button } from "../../ui/button.tsx";
import { Icon } from "../../ui/icons.tsx";
import { Link } from "../../ui/link.tsx";
import { Sheet } from "../../ui/sheet.tsx";
import { attempt } from "../sessions/attempt.ts";
import { InstallRow } from "./install-row.tsx";
import { LockRow } from "./lock-row.tsx";
import { SegmentRow } from "./segment-row.tsx";

export const SettingsScreen = () => <Settings title="settings.title" />;
export const MoreScreen = () => <Settings title="nav.more" />;

function Settings({ title }: { title: "nav.more" | "settings.title" }) {
  const t = useT();
  const desk = useIsDesk();
  const theme = usePreferences((state) => state.theme);
  const updateReady = useUpdateReady();
  const [leaving, setLeaving] = useState(false);
  return (
    <Screen title={t(title)}>
      <Group title={t("settings.appearance")}>
        <SegmentRow
          label={t("settings.theme")}
          options={THEMES.map((id) => ({ id, label: t(`settings.theme.${id}`) }))}
          chosen={theme}
          onChoose={setTheme}
        />
        <SegmentRow
          label={t("settings.language")}
          options={LOCALES.map((id) => ({ id, label: t(`settings.language.${id}`) }))}
          chosen={currentLocale()}
          onChoose={(locale) => attempt(t("settings.language"), setLocale(locale))}
        />
      </Group>
      {desk && (
        <Group title={t("settings.keyboard")}>
          <Row label={t("settings.shortcuts")}>
            <Button onClick={() => showOverlay("shortcuts")}>{t("session.open")}</Button>
          </Row>
        </Group>
      )}
      <Group title={t("settings.account")}>
        <Row label={t("settings.hub")}>
          <span className="min-w-0 truncate text-quiet">{new URL(credentials.baseUrl()).host}</span>
        </Row>
        <DevicesRow />
        <LockRow />
        <div className="px-1 py-1">
          <Button tone="quiet" className="text-failed!" onClick={() => setLeaving(true)}>
            {t("settings.signOut")}
          </Button>
        </div>
      </Group>
      {/* last, because they come by themselves: nothing above them moves */}
      <InstallRow />
      {updateReady && (
        <Group title={t("settings.app")}>
          <Row label={t("update.ready")}>
            <Button onClick={applyUpdate}>{t("update.reload")}</Button>
          </Row>
        </Group>
      )}
      <SignOutSheet open={leaving} onClose={() => setLeaving(false)} />
    </Screen>
  );
}

function DevicesRow() {
  const t = useT();
  return (
    <Link to={paths.devices} className="flex min-h-12 items-center justify-between gap-4 px-4 py-2 hover:bg-hover">
      <span className="min-w-0">
        <span className="block">{t("settings.devices")}</span>
        <span className="block text-small text-quiet">{t("settings.devices.hint")}</span>
      </span>
      <Icon name="chevronRight" className="shrink-0 text-quiet rtl:-scale-x-100" />
    </Link>
  );
}

function Row({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="flex min-h-12 items-center justify-between gap-4 px-4 py-1">
      <span>{label}</span>
      {children}
    </div>
  );
}

function SignOutSheet({ open, onClose }: { open: boolean; onClose: () => void }) {
  const t = useT();
  const unsent = useHub((state) => state.unsent);
  return (
    <Sheet
      open={open}
      onClose={onClose}
      title={t("settings.signOut.title")}
      footer={
        <>
          <Button onClick={onClose}>{t("action.cancel")}</Button>
          <Button tone="danger" onClick={() => attempt(t("settings.signOut"), signOut())}>
            {t("settings.signOut")}
          </Button>
        </>
      }
    >
      <p>{t("settings.signOut.body")}</p>
      {unsent > 0 && <p className="mt-2 font-strong text-failed">{t("settings.signOut.unsent", { count: unsent })}</p>}
    </Sheet>
  );
}
