/** The rows of a session, and prompts: sent, taken back, tried again. */
import {
  type CancelResult,
  messageSchema,
  type MessagesResponse,
  messagesResponseSchema,
  parser,
  type RetryMessageResult,
  type SendMessage,
  type SteerResult,
} from "@hapi/protocol";
import * as z from "zod/mini";
import { type Ask, expected, many, sessionPath, SLOW_MS, UPLOAD_MS } from "./asking.ts";

export interface PageQuery {
  limit?: number;
  before?: { at: number; seq: number };
  after?: { at: number; seq: number };
  until?: { at: number; seq: number };
  epoch?: number;
}

const readMessage = parser(messageSchema);
const readPage = parser(z.looseObject({ messages: z.array(z.unknown()), page: messagesResponseSchema.shape.page }));

const messagePath = (id: string, messageId: string, rest = ""): string =>
  sessionPath(id, `/messages/${encodeURIComponent(messageId)}${rest}`);

export function messageCalls({ request, post }: Ask) {
  return {
    async page(id: string, query: PageQuery = {}, signal?: AbortSignal): Promise<MessagesResponse> {
      const { limit, before, after, until, epoch } = query;
      const params = {
        limit,
        beforeAt: before?.at,
        beforeSeq: before?.seq,
        afterAt: after?.at,
        afterSeq: after?.seq,
        untilAt: until?.at,
        untilSeq: until?.seq,
        epoch: after ? epoch : undefined,
      };
      const found = expected(readPage(await request("GET", sessionPath(id, "/messages"), { query: params, signal })));
      return { messages: many(readMessage, found.messages), page: found.page };
    },
    /** Repeatable by `localId`. */
    send: (id: string, body: SendMessage, signal?: AbortSignal): Promise<unknown> =>
      request("POST", sessionPath(id, "/messages"), { body, signal, timeoutMs: body.attachments?.length ? UPLOAD_MS : undefined }),
    async cancel(id: string, idOrLocalId: string): Promise<CancelResult> {
      return expected((await request("DELETE", messagePath(id, idOrLocalId))) as CancelResult | null);
    },
    async steer(id: string, idOrLocalId: string): Promise<SteerResult> {
      return expected(
        (await request("POST", messagePath(id, idOrLocalId, "/steer"), { body: {}, timeoutMs: SLOW_MS })) as SteerResult | null,
      );
    },
    /** A prompt whose fate is unknown, once more. */
    async retry(id: string, idOrLocalId: string): Promise<RetryMessageResult> {
      return expected((await request("POST", messagePath(id, idOrLocalId, "/retry"), { body: {} })) as RetryMessageResult | null);
    },
    queuedState: (id: string, localIds: readonly string[]) => post(sessionPath(id, "/messages/queued-state"), { localIds }),
  };
}
