/** Short notes at the edge of the screen, never over the content's controls. `showToast` may be called from anywhere; `Toaster` mounts once. */
import { useEffect, useSyncExternalStore } from "react";
import { useT } from "../i18n/index.ts";
import { Button, IconButton } from "./button.tsx";
import { StatusGlyph, statusWord } from "./status-glyph.tsx";
import { addToast, expireToasts, nextExpiry, TOAST_MS, type Toast } from "./toast.model.ts";

let toasts: readonly Toast[] = [];
let serial = 0;
const listeners = new Set<() => void>();

function change(next: readonly Toast[]): void {
  if (next === toasts) return;
  toasts = next;
  for (const listener of listeners) listener();
}

export function showToast(toast: { tone: Toast["tone"]; text: string; action?: Toast["action"]; id?: string }): string {
  serial += 1;
  const id = toast.id ?? `toast-${serial}`;
  change(addToast(toasts, { ...toast, id, expiresAt: toast.tone === "failed" ? null : Date.now() + TOAST_MS }));
  return id;
}

export function dismissToast(id: string): void {
  change(toasts.filter((toast) => toast.id !== id));
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function Toaster() {
  const list = useSyncExternalStore(subscribe, () => toasts);
  const t = useT();
  useEffect(() => {
    const at = nextExpiry(list);
    if (at === null) return;
    const timer = setTimeout(() => change(expireToasts(toasts, Date.now())), Math.max(0, at - Date.now()));
    return () => clearTimeout(timer);
  }, [list]);
  return (
    <div
      role="region"
      aria-label={t("ui.notices")}
      aria-live="polite"
      className="pointer-events-none fixed inset-x-2 top-[calc(env(safe-area-inset-top,0px)+8px)] z-50 flex flex-col items-center gap-2 desk:inset-x-auto desk:end-4"
    >
      {list.map((toast) => (
        <div
          key={toast.id}
          className="pointer-events-auto flex w-full max-w-[420px] animate-enter items-center gap-2 rounded-card border border-line bg-raised py-1 ps-3 pe-1 shadow-sheet"
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
      ))}
    </div>
  );
}
