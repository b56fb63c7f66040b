/** How a session is called and what it does, in a list of the command line. Its words are those of everywhere (`statusWord`). */
import { sessionStatus, type SessionStatus, type StatusName, statusWord } from "@hapi/core";
import { cleanLine } from "@hapi/platform";
import type { SessionSummary } from "@hapi/protocol";
import type { Paint, Palette } from "./terminal.ts";

const PAINT: Record<StatusName, keyof Palette> = {
  waiting: "waiting",
  working: "busy",
  starting: "busy",
  retrying: "busy",
  limited: "waiting",
  background: "busy",
  failed: "bad",
  unknown: "bad",
  interrupted: "waiting",
  done: "good",
  idle: "dim",
  parked: "dim",
  offline: "dim",
  ended: "dim",
  archived: "dim",
};

const paintOf = ({ what }: SessionStatus, paint: Palette): Paint => paint[PAINT[what]];

export function stateCell(summary: SessionSummary, paint: Palette): string {
  const status = sessionStatus(summary);
  return paintOf(status, paint)(statusWord(status).toLowerCase());
}

/** The name somebody gave it, else the agent's own title, and where it works. */
export function whatCell({ metadata }: SessionSummary, paint: Palette): string {
  const title = cleanLine(metadata?.name ?? metadata?.summary?.text ?? "");
  return `${title}  ${paint.dim(cleanLine(metadata?.path ?? ""))}`.trim();
}
