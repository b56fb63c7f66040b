/** What the end of the server ends: its turn and its requests. Items of that turn that nobody has read are read when the thread is opened again. */
import type { AgentFailure } from "@hapi/protocol";
import type { DriverContext } from "../driver.ts";
import { turnOver } from "./requests.ts";
import { type CodexState, STATE_KEY } from "./state.ts";
import { Thread } from "./thread.ts";
import { endTurn } from "./turns.ts";

export async function closeBooks(thread: Thread, failure: AgentFailure | undefined): Promise<void> {
  thread.takeAll();
  const { state } = thread;
  const { turn } = state;
  // What it had not taken stays as it is: the session asks the record, and hands again what is not there.
  state.given = {};
  if (turn) {
    thread.change((to) => endTurn(to, turn, { outcome: "interrupted", ...(failure ? { failure } : {}) }));
    state.unread = turn.id;
  }
  // Also what a sub-agent asked while no turn ran.
  thread.change(turnOver);
  thread.close();
  await thread.commit();
}

/** The server ended while nobody listened. */
export async function closeUnseen(context: DriverContext, message: string): Promise<null> {
  const state = context.memory.get<CodexState>(STATE_KEY);
  if (!state) return null;
  const thread = new Thread({ context, state: structuredClone(state), unknown: () => undefined });
  await closeBooks(thread, { code: "agent_exited", message, retryable: true });
  return null;
}
