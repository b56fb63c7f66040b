/** A screen of the shell: a heading that stays, and content that scrolls. Chat has a frame of its own. */
import type { ReactNode } from "react";
import { useT } from "../i18n/index.ts";
import { Icon } from "../ui/icons.tsx";
import { Link } from "./routing/link.tsx";

interface ScreenProps {
  title: string;
  /** On a phone, where "back" leads; top-level screens have none. */
  back?: "/" | "/more" | "/machines";
  actions?: ReactNode;
  onScroll?: () => void;
  children: ReactNode;
}

export function Screen({ title, back, actions, onScroll, children }: ScreenProps) {
  const t = useT();
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <header className="flex min-h-12 shrink-0 items-center gap-1 border-b border-line px-2 pt-[env(safe-area-inset-top,0px)] desk:px-4">
        {back && (
          <Link
            to={back}
            aria-label={t("nav.back")}
            className="inline-flex target-square items-center justify-center rounded-control desk:hidden"
          >
            <Icon name="chevronLeft" className="rtl:-scale-x-100" />
          </Link>
        )}
        <h1 className={back ? "text-title font-strong" : "ps-2 text-title font-strong desk:ps-0"}>{title}</h1>
        <div className="ms-auto flex items-center gap-1">{actions}</div>
      </header>
      <div onScroll={onScroll} className="min-h-0 flex-1 overflow-y-auto overscroll-contain">
        <div className="mx-auto w-full max-w-2xl px-4 py-4 desk:py-6">{children}</div>
      </div>
    </div>
  );
}

/** A group of rows with a small heading. */
export function Group({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="mb-6">
      <h2 className="mb-2 text-small font-strong text-quiet">{title}</h2>
      <div className="divide-y divide-line overflow-hidden rounded-card border border-line bg-raised">{children}</div>
    </section>
  );
}
