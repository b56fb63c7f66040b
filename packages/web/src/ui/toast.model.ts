/** The few toasts there may be at once. Pure: time is given, so expiry can be tested. Over the limit the oldest goes. */
import type { Status } from "./status-glyph.tsx";

export interface Toast {
  id: string;
  tone: Extract<Status, "waiting" | "done" | "failed" | "idle">;
  text: string;
  action?: { label: string; run: () => void };
  /** Null: stays until closed (failures do). */
  expiresAt: number | null;
}

export const MAX_TOASTS = 3;
export const TOAST_MS = 5_000;

export function addToast(list: readonly Toast[], toast: Toast): readonly Toast[] {
  return [...list.filter((other) => other.id !== toast.id && other.text !== toast.text), toast].slice(-MAX_TOASTS);
}

export function expireToasts(list: readonly Toast[], now: number): readonly Toast[] {
  const left = list.filter((toast) => toast.expiresAt === null || toast.expiresAt > now);
  return left.length === list.length ? list : left;
}

export function nextExpiry(list: readonly Toast[]): number | null {
  const times = list.flatMap((toast) => (toast.expiresAt === null ? [] : [toast.expiresAt]));
  return times.length === 0 ? null : Math.min(...times);
}
