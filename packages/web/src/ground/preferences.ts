/** Choices kept on this device: theme, width and visibility of the list, recent directories. Small, synchronous, never sent anywhere. */
import { create } from "zustand";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

export const LIST_WIDTH = { min: 260, default: 340, max: 520 } as const;

interface Preferences {
  theme: Theme;
  listWidth: number;
  listHidden: boolean;
}

const KEYS = { theme: "hapi_theme", listWidth: "hapi_list_width", listHidden: "hapi_list_hidden" } as const;

export const clampWidth = (width: number): number => Math.round(Math.min(LIST_WIDTH.max, Math.max(LIST_WIDTH.min, width)));

function read(): Preferences {
  const theme = localStorage.getItem(KEYS.theme);
  const width = Number(localStorage.getItem(KEYS.listWidth) ?? Number.NaN);
  return {
    theme: THEMES.find((candidate) => candidate === theme) ?? "system",
    listWidth: Number.isFinite(width) ? clampWidth(width) : LIST_WIDTH.default,
    listHidden: localStorage.getItem(KEYS.listHidden) === "1",
  };
}

export const usePreferences = create<Preferences>()(read);

export function setTheme(theme: Theme): void {
  usePreferences.setState({ theme });
  localStorage.setItem(KEYS.theme, theme);
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}

export function setListWidth(width: number): void {
  const listWidth = clampWidth(width);
  usePreferences.setState({ listWidth });
  localStorage.setItem(KEYS.listWidth, String(listWidth));
}

export function toggleList(): void {
  const listHidden = !usePreferences.getState().listHidden;
  usePreferences.setState({ listHidden });
  localStorage.setItem(KEYS.listHidden, listHidden ? "1" : "0");
}
