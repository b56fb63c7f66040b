/** The queue as it is shown: what waits and why, with the planned ones last in order of their times. Pure. */
import type { PromptItem } from "@hapi/core";
import type { Session } from "@hapi/protocol";

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

/** What a prompt in the queue waits for. */
export type Waiting = "rejected" | "unknown" | "planned" | "sending" | "machine" | "wake" | "turn";

export function waitingOf(prompt: PromptItem, session: Pick<Session, "active">, machineOnline: boolean | null, now: number): Waiting {
  if (prompt.stage === "rejected" || prompt.stage === "unknown") return prompt.stage;
  if (prompt.scheduledAt !== null && prompt.scheduledAt > now) return "planned";
  if (prompt.stage === "sending") return "sending";
  if (session.active) return "turn";
  return machineOnline === false ? "machine" : "wake";
}
