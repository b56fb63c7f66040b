/** What permission modes are called, and what each lets the agent do. Modes we have no words for keep their wire name. */
import { useCallback } from "react";
import type { PermissionMode } from "@hapi/protocol";
import { useT, type MessageKey, type Translate } from "../../../i18n/index.ts";

const NAMES = {
  default: "mode.default",
  acceptEdits: "mode.acceptEdits",
  auto: "mode.auto",
  bypassPermissions: "mode.bypassPermissions",
  plan: "mode.plan",
  ask: "mode.ask",
  debug: "mode.debug",
  autoReview: "mode.autoReview",
  "read-only": "mode.readOnly",
  "safe-yolo": "mode.safeYolo",
  yolo: "mode.bypassPermissions",
  "request-review": "mode.requestReview",
  "always-proceed": "mode.bypassPermissions",
  dontAsk: "mode.dontAsk",
} as const satisfies Record<PermissionMode, MessageKey>;

const HINTS: Partial<
  Record<
    string,
    | "mode.default.hint"
    | "mode.acceptEdits.hint"
    | "mode.bypassPermissions.hint"
    | "mode.plan.hint"
    | "mode.dontAsk.hint"
    | "mode.readOnly.hint"
    | "mode.safeYolo.hint"
  >
> = {
  default: "mode.default.hint",
  acceptEdits: "mode.acceptEdits.hint",
  bypassPermissions: "mode.bypassPermissions.hint",
  yolo: "mode.bypassPermissions.hint",
  "always-proceed": "mode.bypassPermissions.hint",
  plan: "mode.plan.hint",
  dontAsk: "mode.dontAsk.hint",
  "read-only": "mode.readOnly.hint",
  "safe-yolo": "mode.safeYolo.hint",
};

const isKnown = (mode: string): mode is PermissionMode => Object.hasOwn(NAMES, mode);

export const modeName = (mode: string, t: Translate): string => (isKnown(mode) ? t(NAMES[mode]) : mode);

export function useModeName(): (mode: string) => string {
  const t = useT();
  return useCallback((mode) => modeName(mode, t), [t]);
}

export function useModeHint(): (mode: string) => string | undefined {
  const t = useT();
  return useCallback(
    (mode) => {
      const key = HINTS[mode];
      return key && t(key);
    },
    [t],
  );
}
