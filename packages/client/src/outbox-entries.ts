/** A prompt on its way: how it begins, what of it the hub is told, and what is true where memory and the storage differ. Pure. */
import type { DevicePromptState } from "@hapi/core";
import type { AppError, Attachment, SendMessage } from "@hapi/protocol";

export interface OutboxEntry {
  localId: string;
  sessionId: string;
  text: string;
  attachments: readonly Attachment[];
  createdAt: number;
  scheduledAt?: number | null;
  deliveryMode?: "queue" | "steer";
  state: DevicePromptState;
  /** Order of entry, also after a reload. */
  order: number;
  error?: { code: string; message: string; retryable: boolean };
}

export type NewPrompt = Pick<OutboxEntry, "sessionId" | "text" | "scheduledAt" | "deliveryMode"> & {
  attachments?: readonly Attachment[];
  localId?: string;
};

export const inOrder = (a: OutboxEntry, b: OutboxEntry): number => a.order - b.order;

export function entryOf(prompt: NewPrompt, made: Pick<OutboxEntry, "localId" | "createdAt" | "order">): OutboxEntry {
  const { sessionId, text, attachments = [], scheduledAt, deliveryMode } = prompt;
  return {
    ...made,
    sessionId,
    text,
    attachments,
    state: "sending",
    ...(scheduledAt === undefined ? {} : { scheduledAt }),
    ...(deliveryMode === undefined ? {} : { deliveryMode }),
  };
}

export function bodyOf({ localId, text, attachments, scheduledAt, deliveryMode }: OutboxEntry): SendMessage {
  return {
    text,
    localId,
    wake: true,
    ...(attachments.length > 0 ? { attachments: [...attachments] } : {}),
    ...(scheduledAt === undefined || scheduledAt === null ? {} : { scheduledAt }),
    ...(deliveryMode === undefined ? {} : { deliveryMode }),
  };
}

/** Refusals that a later try may not meet, although their code says nothing of it. */
export function isPermanent(error: AppError): boolean {
  // Signing in again, or a hub in maintenance, is not the prompt's fault; nor is what we did not understand ourselves.
  return !error.retryable && error.status !== 401 && error.code !== "protocol_mismatch";
}

/** The known entry where the stored one says nothing new; why the last attempt failed is not stored. */
function current(known: OutboxEntry | undefined, stored: OutboxEntry): OutboxEntry {
  return known?.state === stored.state && (known.state === "sending" || known.error?.message === stored.error?.message) ? known : stored;
}

/**
 * What the storage says, in order; for what is `unwritten` (null: to be forgotten) memory is right. The same objects where nothing changed, and
 * the same array where nothing changed at all.
 */
export function merged(
  known: readonly OutboxEntry[],
  stored: readonly OutboxEntry[],
  unwritten: ReadonlyMap<string, OutboxEntry | null>,
): readonly OutboxEntry[] {
  const before = new Map(known.map((entry) => [entry.localId, entry]));
  const next = [
    ...stored.filter((entry) => !unwritten.has(entry.localId)).map((entry) => current(before.get(entry.localId), entry)),
    ...[...unwritten.values()].filter((entry) => entry !== null),
  ].toSorted(inOrder);
  return next.length === known.length && next.every((entry, at) => entry === known[at]) ? known : next;
}
