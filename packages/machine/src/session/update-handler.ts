/** What the hub pushes to a session about its prompts; the answer goes back as the acknowledgement. */
import type { UpdateBody } from "@hapi/protocol";
import type { Clock } from "@hapi/platform";
import type { Inbox } from "./inbox.ts";

export function updateHandler({ inbox, clock }: { inbox: Inbox; clock: Clock }): (body: UpdateBody) => unknown {
  return (body) => {
    switch (body.t) {
      case "new-message":
        // Acknowledged when it is on disk; without that the hub sends it again.
        return inbox.receive(body.message, "live").then(() => ({ ok: true }));
      case "cancel-queued-message":
        return inbox.cancel(body.localId, body.messageId);
      case "retry-queued-message":
        return inbox.again(body.localId, { id: body.messageId, seq: null, createdAt: clock.now(), content: contentOf(body.message) });
      default:
        return undefined;
    }
  };
}

/** The row itself, or only its content. */
function contentOf(message: unknown): unknown {
  const isRow = typeof message === "object" && message !== null && "content" in message && !("role" in message);
  return isRow ? (message as { content: unknown }).content : message;
}
