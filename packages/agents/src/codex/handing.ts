/** A prompt's way into the thread, and a failed turn's way on. */
import { AppError } from "@hapi/protocol";
import type { DriverMemory, DriverPrompt } from "../driver.ts";
import { fields, filled } from "../shared/read.ts";
import { type ServerLink, ServerRefusal } from "./link.ts";
import { promptInput, withHanded } from "./prompts.ts";
import { RETRY_PENDING, type Thread } from "./thread.ts";
import { turnOf } from "./turns.ts";

const START_MS = 30_000;

export interface Handing {
  memory: DriverMemory;
  thread: Thread;
  link: ServerLink;
}

const turnIdOf = (answer: unknown): string | undefined => filled(fields(fields(answer)["turn"])["id"]);

/** Written down before the server gets a byte of it. */
export async function hand({ memory, thread, link }: Handing, prompt: DriverPrompt): Promise<void> {
  const { localId } = prompt;
  const input = await promptInput(prompt);
  await memory.commit(withHanded(memory, localId, true));
  const params = { threadId: thread.state.threadId, clientUserMessageId: localId, input };
  let answer: unknown;
  try {
    answer = await startOrSteer(link, thread.state.turn?.id, params);
  } catch (cause) {
    if (!(cause instanceof ServerRefusal)) throw cause;
    await memory.commit(withHanded(memory, localId, false));
    throw new AppError("apply_failed", `Codex did not take the prompt: ${cause.message}`, { cause });
  }
  thread.change((to) => {
    to.handed(localId);
    const id = turnIdOf(answer);
    if (id !== undefined) turnOf(to, id);
  });
}

/** Into the turn that runs, whoever began it; where that one is just over, a turn of its own. */
async function startOrSteer(link: ServerLink, turnId: string | undefined, params: Record<string, unknown>): Promise<unknown> {
  if (turnId === undefined) return link.request("turn/start", params, START_MS);
  try {
    return await link.request("turn/steer", { ...params, expectedTurnId: turnId }, START_MS);
  } catch (cause) {
    if (!(cause instanceof ServerRefusal)) throw cause;
    return link.request("turn/start", params, START_MS);
  }
}

/**
 * A turn without words (0.169.0, 0.171.0): the model is asked with the thread as it stands, the failed prompt once and what was done since. Nothing is
 * taken back and nothing is said twice.
 */
export async function retryTurn(thread: Thread, link: ServerLink): Promise<void> {
  const { lastTurn, turn, threadId } = thread.state;
  if (turn !== null || !lastTurn || lastTurn.outcome === "completed") throw new AppError("retry_unavailable");
  thread.retries.add(RETRY_PENDING);
  try {
    const id = turnIdOf(await link.request("turn/start", { threadId, input: [] }, START_MS));
    if (id === undefined) return;
    thread.retries.add(id);
    thread.change((to) => turnOf(to, id, { retry: true }));
  } catch (cause) {
    if (!(cause instanceof ServerRefusal)) throw cause;
    throw new AppError("retry_unavailable", `Codex can't send it again: ${cause.message}`, { cause });
  } finally {
    thread.retries.delete(RETRY_PENDING);
  }
}
