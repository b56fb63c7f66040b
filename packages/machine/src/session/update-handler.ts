/** What the hub pushes to a session about its prompts; the answer goes back as the acknowledgement. */
import type { UpdateBody } from "@hapi/protocol";
import type { Clock } from "@hapi/platform";
import type { Inbox } from "./inbox.ts";
import type { IncomingMessage } from "./prompt-moves.ts";
import type { PromptEntry } from "./ledger-state.ts";
import type { StageReports } from "./stage-reports.ts";

export interface UpdateHandlerDeps {
  inbox: Inbox;
  reports: StageReports;
  prompts: ReadonlyMap<string, PromptEntry>;
  clock: Clock;
  /** Looks at the queue. */
  poke(): void;
}

export function updateHandler({ inbox, reports, prompts, clock, poke }: UpdateHandlerDeps): (body: UpdateBody) => unknown {
  /**
   * A hub that sends what was taken back never heard our answer to that: it hears it now. One that sends what was handed long ago does not know
   * of it (restored from an older copy): it is told where the prompt is.
   */
  async function received(message: IncomingMessage): Promise<{ ok: true; canceled?: true }> {
    const known = prompts.get(message.localId ?? message.id);
    await inbox.receive(message, "live");
    if (known) reports.changed(known, Promise.resolve());
    // Said again although it is here: the hub sees nothing that it waits for.
    if (known?.stage === "queued") poke();
    return known?.stage === "canceled" ? { ok: true, canceled: true } : { ok: true };
  }

  return (body) => {
    switch (body.t) {
      case "new-message":
        // Acknowledged when it is on disk; without that the hub sends it again.
        return received(body.message);
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
