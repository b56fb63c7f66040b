/** Messages: rows, pages, attachments, and the stages a prompt goes through. */
import * as z from "zod/mini";
import { timestamp } from "./primitives.ts";
import { waitingSchema } from "./waiting.ts";

export const attachmentSchema = z.looseObject({
  id: z.string(),
  filename: z.string(),
  mimeType: z.string(),
  size: z.number(),
  path: z.string(),
  previewUrl: z.optional(z.string()),
});
export type Attachment = z.infer<typeof attachmentSchema>;

/**
 * Where a prompt is. Forward only, except that `unknown` may become `in-transcript` when the agent's record turns up.
 * accepted: in the hub's database · handed: written to the agent · in-transcript: read back from the agent's own record ·
 * started: its turn runs · done / failed / interrupted: how the turn ended · unknown: the record can't say whether the agent got it.
 */
export const PROMPT_STAGES = ["accepted", "handed", "in-transcript", "started", "done", "failed", "interrupted", "unknown"] as const;
export type PromptStage = (typeof PROMPT_STAGES)[number];
export const promptStageSchema = z.enum(PROMPT_STAGES);

/** One row of a session's history. `localId` set and `invokedAt` null: still queued. Ours, beside what existing clients know: `stage`, `stageDetail`, `waiting`. */
export const messageSchema = z.looseObject({
  id: z.string(),
  seq: z.nullable(z.number()),
  localId: z.nullable(z.string()),
  content: z.unknown(),
  createdAt: timestamp,
  invokedAt: z.optional(z.nullable(timestamp)),
  scheduledAt: z.optional(z.nullable(timestamp)),
  deliveryState: z.optional(z.string()),
  steered: z.optional(z.boolean()),
  stage: z.optional(promptStageSchema),
  stageDetail: z.optional(
    z.looseObject({ code: z.optional(z.string()), message: z.optional(z.string()), retryable: z.optional(z.boolean()) }),
  ),
  /** Of a prompt in the queue that has waited for a moment. */
  waiting: z.optional(waitingSchema),
});
export type Message = z.infer<typeof messageSchema>;

const cursor = z.nullable(z.number());
export const pageSchema = z.object({
  direction: z.enum(["latest", "before", "after"]),
  limit: z.number(),
  epoch: z.number(),
  reset: z.boolean(),
  nextBeforeSeq: cursor,
  nextBeforeAt: cursor,
  nextAfterSeq: cursor,
  nextAfterAt: cursor,
  snapshotHeadSeq: cursor,
  snapshotHeadAt: cursor,
  hasMore: z.boolean(),
});
export type Page = z.infer<typeof pageSchema>;
export const messagesResponseSchema = z.object({ messages: z.array(messageSchema), page: pageSchema });
export type MessagesResponse = z.infer<typeof messagesResponseSchema>;

/** Body of `POST /api/sessions/:id/messages`. `wake` (ours): an inactive session takes it too and is woken, or it waits for its machine. */
export const sendMessageSchema = z.object({
  text: z.string(),
  localId: z.optional(z.string().check(z.minLength(1), z.maxLength(200))),
  attachments: z.optional(z.array(attachmentSchema)),
  scheduledAt: z.optional(z.nullable(timestamp)),
  deliveryMode: z.optional(z.enum(["queue", "steer"])),
  wake: z.optional(z.boolean()),
});
export type SendMessage = z.infer<typeof sendMessageSchema>;

export const MAX_SCHEDULE_AHEAD_MS = 7 * 24 * 3600_000;

/** What became of cancelling, steering or repeating a prompt as existing clients read it. `invoked`: too late, the agent has it. */
export type CancelResult =
  | { status: "cancelled"; localId: string | null }
  | { status: "invoked"; message: Message }
  | { status: "busy"; localId: string | null };
export type SteerResult =
  | { status: "steered"; localId: string }
  | { status: "invoked"; message: Message }
  | { status: "failed"; error: string; localId: string | null };
export type RetryMessageResult =
  | { status: "retried" | "already-queued" | "retry-unavailable"; localId: string | null }
  | { status: "invoked"; message: Message }
  | { status: "not-found" };
