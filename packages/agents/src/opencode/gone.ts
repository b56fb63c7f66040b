/** The server is gone with whatever it was doing: what was heard of it stands, what was open is closed. */
import type { AgentFailure } from "@hapi/protocol";
import { messagesOf } from "./mirror.ts";
import { closeAll } from "./requests.ts";
import { handedMessage, type Translation, withHanded } from "./state.ts";
import { tellGone } from "./teller.ts";
import { endTurn, failUnbegun } from "./turns.ts";

/** @returns what is to be remembered of a prompt whose fate is open */
export function processGone(to: Translation, failure: AgentFailure | null): Record<string, unknown> {
  const { state, context } = to;
  to.isBusy = false;
  closeAll(to, "agent");
  tellGone(to);
  const ending = { outcome: "interrupted" as const, ...(failure ? { failure } : {}) };
  const { turn, pending } = state;
  if (turn) endTurn(to, ending, turn.lastId);
  if (!pending) {
    if (!turn) to.emit({ type: "thinking", thinking: false });
    return {};
  }
  const handed = handedMessage(context.memory, pending.messageId);
  const isThere =
    pending.retry || handed?.seen === true || messagesOf(to.mirror, state.threadId).some(({ id }) => id === pending.messageId);
  if (isThere) {
    failUnbegun(to, ending);
    return {};
  }
  to.emit({ type: "stage", localId: pending.localId, stage: "unknown", ...(failure ? { failure } : {}) });
  state.pending = null;
  state.lastTurn = { localId: pending.localId, outcome: "interrupted" };
  to.emit({ type: "thinking", thinking: false });
  return handed ? withHanded(context.memory, pending.localId, handed) : {};
}
