/** A screen of the shell: a heading that stays, and content that scrolls. Chat has a frame of its own. */
import { useEffect, useRef, type ReactNode } from "react";
import { useT } from "../../i18n/index.ts";
import { ConnectionNote } from "../connection/late-note.ts";
import { cx } from "../../ui/cx.ts";
import { Icon } from "../../ui/icons.tsx";
import { Link } from "../../ui/link.tsx";

interface ScreenProps {
  title: string;
  /** On a phone, where "back" leads; top-level screens have none. */
  back?: "/" | "/more" | "/machines";
  actions?: ReactNode;
  /** What is on the screen moved: it was scrolled, or something came or went by itself. */
  onMove?: () => void;
  children: ReactNode;
}

export function Screen({ title, back, actions, onMove, children }: ScreenProps) {
  const t = useT();
  const content = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!onMove || !content.current) return;
    const observer = new ResizeObserver(onMove);
    observer.observe(content.current);
    return () => observer.disconnect();
  }, [onMove]);
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
        <h1 className={cx("shrink-0 text-title font-strong", !back && "ps-2 desk:ps-0")}>{title}</h1>
        <ConnectionNote />
        <div className="ms-auto flex items-center gap-1">{actions}</div>
      </header>
      <div onScroll={onMove} className="min-h-0 flex-1 overflow-y-auto overscroll-contain">
        <div ref={content} className="mx-auto w-full max-w-2xl px-4 py-4 desk:py-6">
          {children}
        </div>
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
