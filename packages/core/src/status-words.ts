/** The English words of a status: what the command line prints, and what the web's catalog has under `status.<name>`. */
import type { SessionStatus, StatusName } from "./status.ts";

export const STATUS_WORDS = {
  waiting: "Waiting",
  working: "Working",
  starting: "Starting",
  retrying: "Trying again",
  limited: "Usage limit",
  failed: "Failed",
  unknown: "Uncertain",
  background: "{count} running in the background",
  interrupted: "Interrupted",
  done: "Done",
  idle: "Idle",
  parked: "Parked",
  offline: "Offline",
  ended: "Ended",
  archived: "Archived",
} as const satisfies Record<StatusName, string>;

/** "Waiting (2)", "1 running in the background". */
export function statusWord(status: SessionStatus): string {
  if (status.what === "background") return STATUS_WORDS.background.replace("{count}", String(status.count));
  return withCount(STATUS_WORDS[status.what], status);
}

/** Several open requests are told beside the word, in any language. */
export const withCount = (word: string, status: SessionStatus): string =>
  status.what === "waiting" && status.count > 1 ? `${word} (${status.count})` : word;
