/** The queue as it is shown: what waits and why, with the planned ones last in order of their times. Pure. */
import type { PromptItem } from "@hapi/core";
import { type Session, WAITING_FOR, type WaitingFor } from "@hapi/protocol";

export interface Queue {
  shown: readonly PromptItem[];
  /** Uncertain, and left as they are by the person. */
  left: readonly PromptItem[];
}

export function queueOf(queue: readonly PromptItem[], gone: ReadonlySet<string>, leftKeys: readonly string[]): Queue {
  const here = gone.size === 0 ? queue : queue.filter((prompt) => !gone.has(prompt.key));
  const isLeft = (prompt: PromptItem): boolean => prompt.stage === "unknown" && leftKeys.includes(prompt.key);
  const shown = here.filter((prompt) => !isLeft(prompt));
  const planned = shown.filter((prompt) => prompt.scheduledAt !== null);
  if (planned.length === 0) return { shown, left: here.filter(isLeft) };
  planned.sort((a, b) => (a.scheduledAt ?? 0) - (b.scheduledAt ?? 0));
  return { shown: [...shown.filter((prompt) => prompt.scheduledAt === null), ...planned], left: here.filter(isLeft) };
}

/** What a prompt in the queue waits for: by the hub's word (`WAITING_FOR`), or as far as it can be told from here. */
export type Waiting = "rejected" | "unknown" | "planned" | "sending" | "wake" | "other" | Exclude<WaitingFor, "time">;

const known: ReadonlySet<string> = new Set(WAITING_FOR);
/** What takes longer than this says since when. */
const LONG_MS = 60_000;

export function waitingOf(prompt: PromptItem, session: Pick<Session, "active">, machineOnline: boolean | null, now: number): Waiting {
  if (prompt.stage === "rejected" || prompt.stage === "unknown") return prompt.stage;
  if (prompt.scheduledAt !== null && prompt.scheduledAt > now) return "planned";
  if (prompt.stage === "sending") return "sending";
  const said = prompt.waiting?.for;
  if (said !== undefined && said !== "time") return known.has(said) ? (said as Exclude<WaitingFor, "time">) : "other";
  if (session.active) return "turn";
  return machineOnline === false ? "machine" : "wake";
}

/** Since when, where that is worth saying; what has a time of its own says that instead. */
export function waitsSince(prompt: PromptItem, waits: Waiting, now: number): number | null {
  const { waiting } = prompt;
  if (!waiting || waiting.for !== waits || waits === "pause" || now - waiting.since < LONG_MS) return null;
  return waiting.since;
}
