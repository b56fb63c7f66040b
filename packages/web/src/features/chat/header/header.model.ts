/** What the header says beside the status: what to do, what is in force, how full the context is. Pure. */
import type { SessionStatus } from "@hapi/core";
import type { Session, TokenUsage } from "@hapi/protocol";
import type { MessageKey } from "../../../i18n/index.ts";

/** What a person has to do where waiting cures nothing; null: nothing we know of. */
const CURES = {
  auth: "header.cure.auth",
  invalid_request: "header.cure.request",
  agent_not_installed: "header.cure.install",
  agent_unsupported_version: "header.cure.update",
  thread_in_use: "header.cure.inUse",
  resume_unavailable: "header.cure.gone",
} as const satisfies Record<string, MessageKey>;

export function cureOf(status: SessionStatus): (typeof CURES)[keyof typeof CURES] | null {
  if (status.what !== "failed" || status.code === null || !status.cure) return null;
  return Object.hasOwn(CURES, status.code) ? CURES[status.code as keyof typeof CURES] : null;
}

const ASKS_NOTHING: ReadonlySet<string> = new Set(["bypassPermissions", "yolo", "always-proceed"]);
export const asksNothing = (mode: string): boolean => ASKS_NOTHING.has(mode);

/** Null: nobody said. */
export const modeInForce = (session: Session): string | null => session.permissionMode ?? session.metadata?.preferredPermissionMode ?? null;

/** What was chosen, else what answered last. */
export const modelInForce = (session: Session, usage: TokenUsage | null): string | null => session.model ?? usage?.model ?? null;

/** `limit` null: nobody said how much fits. */
export type ContextFacts = { used: number } & ({ limit: number; share: number } | { limit: null; share: null });

export function contextOf(usage: TokenUsage | null): ContextFacts | null {
  const used = usage?.contextTokens;
  const limit = usage?.contextWindow;
  if (used === undefined) return null;
  if (!limit) return { used, limit: null, share: null };
  return { used, limit, share: Math.min(1, Math.max(0, used / limit)) };
}
