/** When a screen itself fails, and when an address leads nowhere. Sessions go on regardless; both say so. */
import { useT } from "../i18n/index.ts";
import { Button } from "../ui/button.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Link } from "./routing/link.tsx";

export function ErrorScreen({ error }: { error: unknown }) {
  const t = useT();
  return (
    <main className="flex min-h-dvh items-center justify-center">
      <EmptyState
        icon="warning"
        title={t("error.title")}
        hint={
          <>
            {t("error.body")}
            <span className="mt-2 block font-mono text-small wrap-any">{error instanceof Error ? error.message : String(error)}</span>
          </>
        }
        action={
          <Button tone="primary" onClick={() => window.location.reload()}>
            {t("error.reload")}
          </Button>
        }
      />
    </main>
  );
}

export function NotFoundScreen() {
  const t = useT();
  return (
    <main className="flex min-h-dvh items-center justify-center">
      <EmptyState
        icon="search"
        title={t("notFound.title")}
        hint={t("notFound.body")}
        action={
          <Link to="/" className="inline-flex target items-center font-strong text-accent">
            {t("notFound.back")}
          </Link>
        }
      />
    </main>
  );
}
