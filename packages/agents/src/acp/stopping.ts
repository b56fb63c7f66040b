/** How a turn is stopped: the cancel first, then every open request gets "cancelled", as the protocol has it (session/cancel). */
import type { RequestAnswer } from "../driver.ts";
import type { AgentLink } from "./agent-link.ts";
import { closeRequest } from "./closings.ts";
import { cancelReply, replyTo } from "./requests.ts";
import type { OpenRequest } from "./state.ts";

/** `denied`: a request that is closed already, and still waits for its answer. */
export async function cancelTurn(link: AgentLink, denied: readonly OpenRequest[] = []): Promise<void> {
  const { state } = link;
  if (state.turn) state.turn.cancelled = true;
  await link.notify("session/cancel", { sessionId: state.threadId });
  for (const open of denied) await replyCancelled(link, open);
  for (const [id, open] of Object.entries(state.requests)) {
    delete state.requests[id];
    link.change((to) => closeRequest(to, open, { outcome: "canceled", by: "remote", reason: "The turn was stopped" }));
    await replyCancelled(link, open);
  }
}

/**
 * The agent hears of the denial as of a cancelled request: with the denial first it may be between two steps when the cancel comes, where
 * Copilot 1.0.102 loses it and goes on (1 of 12 beside three busy loops). It is told as denied, for the tool runs neither way.
 */
export async function denyAndStop(link: AgentLink, open: OpenRequest, answer: RequestAnswer): Promise<void> {
  const { outcome, reason } = link.change((to) => replyTo(to, open, answer));
  link.change((to) => closeRequest(to, open, { outcome, by: "remote", ...(reason ? { reason } : {}) }, reason));
  await cancelTurn(link, [open]);
}

async function replyCancelled(link: AgentLink, open: OpenRequest): Promise<void> {
  await link.reply(open.rpcId, { result: link.change((to) => cancelReply(to, open)) }, null);
}
