/** Answers to OpenCode, whose terminal asks the same at the same time: a person's, the mode's, and that of a turn that is stopped. */
import { ignore } from "@hapi/platform/lean";
import { AppError } from "@hapi/protocol";
import type { RequestAnswer } from "../driver.ts";
import { ApiFailure } from "./api.ts";
import type { ServerLink } from "./link.ts";
import { AGENT_NAME } from "./name.ts";
import { closeAll, closingOf, refusalOf } from "./requests.ts";
import type { OpenRequest } from "./state.ts";

/** Durable before it is given. False: nobody asks any more. */
export async function giveAnswer(link: ServerLink, open: OpenRequest, answer: RequestAnswer): Promise<boolean> {
  const { id } = open.request;
  const closing = link.state.sent[id] ?? closingOf(open, answer);
  link.state.sent[id] = closing;
  await link.commit();
  try {
    await link.api.post(closing.path, closing.body);
    return true;
  } catch (cause) {
    // Whether it arrived is not known where the connection broke: then its word, or the record, will say.
    if (!(cause instanceof ApiFailure)) throw cause;
    delete link.state.sent[id];
    if (cause.status !== 404) throw new AppError("apply_failed", `${AGENT_NAME} did not take the answer: ${cause.message}`, { cause });
    await link.readRecord();
    return false;
  }
}

/** Answers that were decided before this process was there. */
export function giveAgain({ api, state }: ServerLink): void {
  for (const [id, { path, body }] of Object.entries(state.sent))
    if (state.requests[id]) ignore(api.post(path, body), "another answer was first, which the record says");
}

/** While the mode is to allow everything. Where that fails a person is asked; until then nobody has to hear of it. */
export async function allowAtOnce(link: ServerLink, requestId: string): Promise<void> {
  const { state, api, to } = link;
  const open = state.requests[requestId];
  if (!open) return;
  delete state.requests[requestId];
  const { path, body } = closingOf(open, { behavior: "allow" });
  try {
    await api.post(path, body);
  } catch (cause) {
    // Another answer was first, or nobody is left who asks.
    if ((cause instanceof ApiFailure && cause.status === 404) || link.ended) return;
    // If it arrived all the same, OpenCode's word or its record closes this again.
    state.requests[requestId] = open;
    await link.commit();
    to.emit({ type: "request", request: open.request });
  }
}

export async function stopTurn(link: ServerLink): Promise<void> {
  const { state, api, to } = link;
  if (state.pending) {
    // Durable before it is asked for: what was stopped is not to run after a restart either.
    state.pending.stopped = true;
    await link.commit();
  }
  const asked = Object.keys(state.requests);
  await api.post(`/session/${state.threadId}/abort`);
  closeAll(to, "remote", "The turn was stopped");
  // OpenCode keeps what it asked for good when the turn is stopped (1.18.33).
  for (const id of asked) ignore(api.post(...refusalOf(id)), "it is not asked any more");
}
