/** The prompt that a row of the queue is for an agent. Rows that no person sent for the agent (its own output, echoes of its record) are none. */
import { type Attachment, attachmentSchema } from "@hapi/protocol";
import { isRecord } from "./read.ts";

/** In a person's name: nothing of it is left out. */
export const isPersonsRow = (content: unknown): boolean => isRecord(content) && content.role === "user";

export function promptOfRow(content: unknown): { text: string; attachments: Attachment[] } | null {
  if (!isRecord(content) || !isPersonsRow(content) || !isForAgents(content.meta ?? null)) return null;
  const body = content.content;
  if (typeof body === "string") return { text: body, attachments: [] };
  if (!isRecord(body) || body.type !== "text" || typeof body.text !== "string") return null;
  const attachments = attachmentsOf(body.attachments ?? []);
  return attachments && { text: body.text, attachments };
}

function isForAgents(meta: unknown): boolean {
  if (meta === null) return true;
  return isRecord(meta) && meta.sentFrom !== "cli" && (meta.sentFrom === undefined || typeof meta.sentFrom === "string");
}

/** Null: a prompt with one that can't be read is not given without it. */
function attachmentsOf(value: unknown): Attachment[] | null {
  if (!Array.isArray(value)) return null;
  const read = value.map((one) => attachmentSchema.safeParse(one));
  return read.every((one) => one.success) ? read.map((one) => one.data) : null;
}
