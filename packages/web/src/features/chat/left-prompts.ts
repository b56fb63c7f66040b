/** Prompts of uncertain fate that the person decided to leave as they are, kept on this device; bounded, the oldest choice forgotten first. */
import { create } from "zustand";

const KEY = "hapi_left_prompts";
const MAX_LEFT = 200;

function read(): readonly string[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(stored) ? stored.filter((key): key is string => typeof key === "string") : [];
  } catch {
    // another program's value: nothing was left
    return [];
  }
}

const useStore = create<{ left: readonly string[] }>()(() => ({ left: read() }));

export const useLeftPrompts = (): readonly string[] => useStore((state) => state.left);

export function leavePrompt(key: string): void {
  const left = [...useStore.getState().left.filter((other) => other !== key), key].slice(-MAX_LEFT);
  useStore.setState({ left });
  localStorage.setItem(KEY, JSON.stringify(left));
}
