/** The person's choice of what Enter does, kept on this device. */
import { create } from "zustand";
import type { EnterRule } from "./composer.model.ts";

const KEY = "hapi_enter_sends";
const RULES: readonly EnterRule[] = ["auto", "enter", "mod"];

const read = (): EnterRule => RULES.find((rule) => rule === localStorage.getItem(KEY)) ?? "auto";

const useRule = create<{ rule: EnterRule }>()(() => ({ rule: read() }));

export const useEnterRule = (): EnterRule => useRule((state) => state.rule);

export function setEnterRule(rule: EnterRule): void {
  localStorage.setItem(KEY, rule);
  useRule.setState({ rule });
}
