/** From a hub message to a prompt for the agent. Rows that no person sent for the agent (agent output, transcript echoes) are not prompts. */
import * as z from "zod/mini";
import { type Attachment, attachmentSchema } from "@hapi/protocol";

const promptContentSchema = z.looseObject({
  role: z.literal("user"),
  content: z.union([
    z.string(),
    z.looseObject({ type: z.literal("text"), text: z.string(), attachments: z.optional(z.nullable(z.array(attachmentSchema))) }),
  ]),
  meta: z.optional(z.nullable(z.looseObject({ sentFrom: z.optional(z.string()) }))),
});

export function promptFromContent(content: unknown): { text: string; attachments: Attachment[] } | null {
  const parsed = promptContentSchema.safeParse(content);
  if (!parsed.success || parsed.data.meta?.sentFrom === "cli") return null;
  const body = parsed.data.content;
  return typeof body === "string" ? { text: body, attachments: [] } : { text: body.text, attachments: body.attachments ?? [] };
}
