/** The messages table's row, and the wire message made from it. */
import type { Message, PromptStage } from "@hapi/protocol";

export interface MessageRow {
  session_pk: number;
  seq: number;
  id: string;
  local_id: string | null;
  content: string;
  created_at: number;
  invoked_at: number | null;
  position: number;
  scheduled_at: number | null;
  stage: PromptStage | null;
  stage_at: number | null;
  stage_detail: string | null;
  delivery_state: string;
  steered: number;
  wake: number;
  /** `PromptHolder`: 1 for the session. */
  sent: number;
}

export const messageColumns =
  "session_pk, seq, id, local_id, content, created_at, invoked_at, position, scheduled_at, stage, stage_at, stage_detail, delivery_state, steered, wake, sent";

export function toMessage(row: MessageRow): Message {
  return {
    id: row.id,
    seq: row.seq,
    localId: row.local_id,
    content: JSON.parse(row.content) as unknown,
    createdAt: row.created_at,
    invokedAt: row.invoked_at,
    ...(row.scheduled_at === null ? {} : { scheduledAt: row.scheduled_at }),
    ...(row.delivery_state === "indeterminate" ? { deliveryState: row.delivery_state } : {}),
    ...(row.steered === 1 ? { steered: true } : {}),
    ...(row.stage === null ? {} : { stage: row.stage }),
    ...(row.stage_detail === null ? {} : { stageDetail: JSON.parse(row.stage_detail) as Record<string, unknown> }),
  };
}

/** From here on the prompt is the agent's: it leaves the queue. */
export function leavesQueue(stage: PromptStage): boolean {
  return stage !== "accepted" && stage !== "unknown";
}
