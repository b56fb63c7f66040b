/** Short notes at the edge of the screen. What appears by itself under a finger does not take the tap that was meant for what is beneath. */
import "../i18n/list.ts";
import { useEffect, useState, useSyncExternalStore } from "react";
import { useT } from "../i18n/index.ts";
import { Button, IconButton } from "./button.tsx";
import { cx } from "./cx.ts";
import { StatusGlyph, statusWord } from "./status-glyph.tsx";
import { nextExpiry, type Toast } from "./toast.model.ts";
import { currentToasts, dismissToast, expire, subscribeToasts } from "./toast.ts";

/** As long as a tap takes that was under way when the note came. */
const ARMED_AFTER_MS = 400;

export function Toaster() {
  const list = useSyncExternalStore(subscribeToasts, currentToasts);
  const t = useT();
  useEffect(() => {
    const at = nextExpiry(list);
    if (at === null) return;
    const timer = setTimeout(() => expire(Date.now()), Math.max(0, at - Date.now()));
    return () => clearTimeout(timer);
  }, [list]);
  return (
    <div
      role="region"
      aria-label={t("ui.notices")}
      className="pointer-events-none fixed inset-x-2 top-[calc(env(safe-area-inset-top,0px)+8px)] z-50 flex flex-col items-center gap-2 desk:inset-x-auto desk:end-4"
    >
      {list.map((toast) => (
        <Note key={toast.id} toast={toast} />
      ))}
    </div>
  );
}

function Note({ toast }: { toast: Toast }) {
  const t = useT();
  const [isArmed, arm] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => arm(true), ARMED_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div
      className={cx(
        "flex w-full max-w-[420px] animate-enter items-center gap-2 rounded-card border border-line bg-raised py-1 ps-3 pe-1 shadow-sheet",
        isArmed && "pointer-events-auto",
      )}
    >
      <StatusGlyph status={toast.tone} label={t(statusWord(toast.tone))} />
      <span dir="auto" className="min-w-0 flex-1 py-1 wrap-any">
        {toast.text}
      </span>
      {toast.action && (
        <Button
          tone="quiet"
          onClick={() => {
            toast.action?.run();
            dismissToast(toast.id);
          }}
        >
          {toast.action.label}
        </Button>
      )}
      <IconButton icon="close" label={t("action.close")} onClick={() => dismissToast(toast.id)} />
    </div>
  );
}
