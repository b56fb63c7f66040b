/** Short notes: `showToast` may be called from anywhere, `Toaster` (`toaster.tsx`) shows them. */
import { addToast, expireToasts, TOAST_MS, type Toast } from "./toast.model.ts";

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

export const expire = (now: number): void => change(expireToasts(toasts, now));
export const currentToasts = (): readonly Toast[] => toasts;

export function subscribeToasts(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
