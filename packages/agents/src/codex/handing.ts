/** A prompt's way into the thread, and a failed turn's way on. */
import { AppError } from "@hapi/protocol";
import type { DriverMemory, DriverPrompt } from "../driver.ts";
import { fields, filled } from "../shared/read.ts";
import { type ServerLink, ServerRefusal } from "./link.ts";
import { promptInput, withHanded } from "./prompts.ts";
import type { Translation } from "./state.ts";
import { RETRY_PENDING, type Thread } from "./thread.ts";
import { endUntaken, give, turnOf } from "./turns.ts";

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
  const params = { threadId: thread.state.threadId, clientUserMessageId: localId, input };
  let taken: Taken;
  thread.onTheirWay.add(localId);
  try {
    const running = thread.state.turn?.id;
    if (running !== undefined) thread.change((to) => give(to, localId, running));
    await thread.commit(withHanded(memory, localId, true));
    taken = await startOrSteer(link, running, params);
  } catch (cause) {
    delete thread.state.given?.[localId];
    if (!(cause instanceof ServerRefusal)) throw cause;
    await thread.commit(withHanded(memory, localId, false));
    throw new AppError("apply_failed", `Codex did not take the prompt: ${cause.message}`, { cause });
  } finally {
    thread.onTheirWay.delete(localId);
  }
  thread.change((to) => handedTo(to, localId, taken));
}

interface Taken {
  turnId: string | undefined;
  /** Into a turn that was running before. */
  steered: boolean;
}

function handedTo(to: Translation, localId: string, { turnId, steered }: Taken): void {
  const { state } = to;
  to.handed(localId);
  delete state.given?.[localId];
  if (turnId === undefined) return;
  if (!steered) turnOf(to, turnId);
  give(to, localId, turnId);
  const isOver = state.toldTurn === turnId || (steered && state.turn?.id !== turnId);
  if (isOver) endUntaken(to, turnId, { outcome: "interrupted" });
}

/** Into the turn that runs, whoever began it; where that one is just over, a turn of its own. */
async function startOrSteer(link: ServerLink, turnId: string | undefined, params: Record<string, unknown>): Promise<Taken> {
  const start = async () => ({ turnId: turnIdOf(await link.request("turn/start", params, START_MS)), steered: false });
  if (turnId === undefined) return start();
  try {
    await link.request("turn/steer", { ...params, expectedTurnId: turnId }, START_MS);
    return { turnId, steered: true };
  } catch (cause) {
    if (!(cause instanceof ServerRefusal)) throw cause;
    return start();
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
