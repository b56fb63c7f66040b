/**
 * A session's status on screen: the one model's answer (`sessionStatus`), its word in the reader's language and its sign. Every screen
 * that shows a status takes it from here. Pure.
 */
import { rankOf, type SessionStatus, type StatusName, withCount } from "@hapi/core";
import type { SessionSummary } from "@hapi/protocol";
import type { MessageKey, Translate } from "../../i18n/index.ts";
import type { Status } from "../../ui/status-glyph.tsx";

const SIGN: Record<StatusName, Status> = {
  waiting: "waiting",
  working: "working",
  starting: "working",
  retrying: "working",
  limited: "idle",
  background: "working",
  failed: "failed",
  unknown: "unknown",
  interrupted: "interrupted",
  done: "done",
  idle: "idle",
  parked: "idle",
  offline: "offline",
  ended: "ended",
  archived: "ended",
};

const WORDS = {
  waiting: "status.waiting",
  working: "status.working",
  starting: "status.starting",
  retrying: "status.retrying",
  limited: "status.limited",
  failed: "status.failed",
  unknown: "status.unknown",
  interrupted: "status.interrupted",
  done: "status.done",
  idle: "status.idle",
  parked: "status.parked",
  offline: "status.offline",
  ended: "status.ended",
  archived: "status.archived",
} as const satisfies Record<Exclude<StatusName, "background">, MessageKey>;

/** "Waiting (2)", "1 running in the background". */
export function statusText(status: SessionStatus, t: Translate): string {
  return status.what === "background" ? t("status.background", { count: status.count }) : withCount(t(WORDS[status.what]), status);
}

/** What was true when something was last heard is drawn as such, whatever it was. */
export const signOf = (status: SessionStatus): Status =>
  status.asOf !== null && SIGN[status.what] === "working" ? "offline" : SIGN[status.what];

/** Worth a stronger title: it asks for something, or brings something. */
export const isLoud = (status: SessionStatus): boolean => rankOf(status) <= rankOf({ what: "done", unread: true });

export const isArchived = (summary: SessionSummary): boolean => summary.metadata?.lifecycleState === "archived";
