/** When a world has come to rest, and what its history is then, in the checker's words. */
import { isFinalStage, isUnbegun } from "@hapi/core";
import type { HubApi } from "@hapi/client";
import type { Message } from "@hapi/protocol";
import type { AcceptedPrompt } from "@hapi/testkit";
import { SESSION } from "./machine.ts";
import type { Person } from "./person.ts";
import type { SessionProcess } from "./session-process.ts";

export function acceptedOf(person: Person, prompt: Person["prompts"][number]): AcceptedPrompt[] {
  const { localId, text, scheduled, again, cancel, stored, steered, retaken } = prompt;
  // The app died before the device had it: nobody was told that it was kept.
  if (!stored) return [];
  const canceled = cancel === "taken" ? true : cancel === "wanted" ? ("unclear" as const) : undefined;
  return [{ localId, text, scheduled, steered, again, retaken, canceled }];
}

export async function readAll(api: HubApi): Promise<Message[]> {
  const rows = new Map<string, Message>();
  let before: { at: number; seq: number } | undefined;
  for (;;) {
    const { messages, page } = await api.messages.page(SESSION, { limit: 200, before });
    for (const message of messages) rows.set(message.id, message);
    if (!page.hasMore || page.nextBeforeAt === null || page.nextBeforeSeq === null) return [...rows.values()];
    before = { at: page.nextBeforeAt, seq: page.nextBeforeSeq };
  }
}

/** Prompts that no agent has begun with, and that wait for nothing that anybody names, by the hub's own word. */
export function forgottenOf(rows: readonly Message[], now: number): string[] {
  const isForgotten = ({ waiting, scheduledAt }: Message): boolean =>
    (scheduledAt ?? 0) <= now && (waiting === undefined || waiting.for === "nothing");
  return rows.flatMap((row) => (isUnbegun(row) && isForgotten(row) ? [row.localId ?? ""] : []));
}

/** Nothing is under way any more, anywhere. */
export function atRest(people: readonly Person[], rows: readonly Message[], session: SessionProcess | null, now: number): boolean {
  const isSettled = (row: Message): boolean => {
    if (!row.localId) return true;
    return row.stage !== undefined && (isFinalStage(row.stage) || row.stage === "unknown");
  };
  if (!rows.every(isSettled) || rows.some((row) => (row.scheduledAt ?? 0) > now && row.invokedAt == null)) return false;
  if (!session || (!session.isOver && session.ledger.state.backlog.size > 0)) return false;
  return people.every((person) => {
    if (person.unsent > 0 || person.sync.status.phase !== "online") return false;
    const { windows, refetch } = person.sync.state;
    return windows[SESSION]?.stale === false && !windows[SESSION]?.hasOlder && !refetch.list && Object.keys(refetch.sessions).length === 0;
  });
}
