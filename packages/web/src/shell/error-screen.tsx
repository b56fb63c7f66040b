/** When a screen itself fails, and when an address leads nowhere. Sessions go on regardless; both say so. */
import type { ReactNode } from "react";
import { useT } from "../i18n/index.ts";
import { Button } from "../ui/button.tsx";
import { Icon, type IconName } from "../ui/icons.tsx";
import { Link } from "../ui/link.tsx";
import { paths } from "../ground/routing/match.ts";

export function ErrorScreen({ error }: { error: unknown }) {
  const t = useT();
  return (
    <Message icon="warning" title={t("error.title")}>
      <p className="text-quiet">{t("error.body")}</p>
      <p className="font-mono text-small text-quiet wrap-any">{error instanceof Error ? error.message : String(error)}</p>
      <Button tone="primary" className="mt-2" onClick={() => window.location.reload()}>
        {t("error.reload")}
      </Button>
    </Message>
  );
}

export function NotFoundScreen() {
  const t = useT();
  return (
    <Message icon="search" title={t("notFound.title")}>
      <p className="text-quiet">{t("notFound.body")}</p>
      <Link to={paths.sessions} className="inline-flex target items-center rounded-control px-2 font-strong text-accent">
        {t("notFound.back")}
      </Link>
    </Message>
  );
}

function Message({ icon, title, children }: { icon: IconName; title: string; children: ReactNode }) {
  return (
    <div className="m-auto flex max-w-[44ch] flex-col items-center gap-2 p-4 text-center">
      <Icon name={icon} size={24} className="text-quiet" />
      <h1 className="font-strong">{title}</h1>
      {children}
    </div>
  );
}
