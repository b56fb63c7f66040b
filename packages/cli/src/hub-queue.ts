/**
 * The prompts that the hub has and no agent has begun with: planned for later, behind a running turn, waiting for a machine, or with an agent that
 * does not take them up. Of whatever sender.
 */
import { type HubApi, waitingPrompts } from "@hapi/client";
import { decodeContent, type PromptState, stateInQueue } from "@hapi/core";
import { LATE, systemClock, within } from "@hapi/platform";
import { AppError, toAppError, type Message, type PromptWaiting, type SessionSummary } from "@hapi/protocol";

const LOOK_MS = 5_000;
/** Sessions asked beside those that run or say that something is planned: what waits for a machine is in one that was used lately. */
const MAX_RESTING = 100;
const AT_ONCE = 8;
const MAX_GIVEN = 20;
/** What an agent has and has not begun with stands near the end. */
const GIVEN_ROWS = 50;

export interface HubPrompt {
  localId: string;
  sessionId: string;
  sessionName: string | null;
  text: string;
  createdAt: number;
  scheduledAt: number | null;
  /** `unknown`: after a crash nobody can say whether the agent got it. */
  state: Extract<PromptState, "planned" | "queued" | "unknown" | "handed">;
  /** What it waits for; null: an older hub, or it has only come. */
  waiting: PromptWaiting | null;
}

/** Oldest first. */
export async function promptsAtHub(api: HubApi): Promise<HubPrompt[]> {
  const found = await within(systemClock, LOOK_MS, (signal) => askHub(api, signal));
  if (found === LATE) throw new AppError("timeout", "The hub does not answer in time");
  return found.sort((a, b) => a.createdAt - b.createdAt);
}

async function askHub(api: HubApi, signal: AbortSignal): Promise<HubPrompt[]> {
  const wanted = worthAsking(await api.sessions.list(signal));
  const found: HubPrompt[] = [];
  const ask = async (): Promise<void> => {
    for (let row = wanted.shift(); row; row = wanted.shift()) found.push(...(await promptsOf(api, row, signal)));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, ask));
  return [...found, ...(await givenAtHub(api, found, signal))];
}

/** Not in the queue any more: the hub's watch alone names them. */
async function givenAtHub(api: HubApi, known: readonly HubPrompt[], signal: AbortSignal): Promise<HubPrompt[]> {
  const { prompts } = await waitingPrompts(api, signal).catch((cause: unknown) => {
    if (toAppError(cause).code === "not_found") return { prompts: [] };
    throw cause;
  });
  const missing = prompts.filter(({ localId }) => known.every((prompt) => prompt.localId !== localId)).slice(0, MAX_GIVEN);
  const found: HubPrompt[] = [];
  for (const { sessionId, localId, acceptedAt, waiting } of missing) {
    const { messages } = await api.messages.page(sessionId, { limit: GIVEN_ROWS }, signal);
    const row = messages.find((message) => message.localId === localId);
    // Begun, or taken back, since the watch looked.
    if (!row || row.invokedAt == null || row.waiting === undefined) continue;
    const { text } = promptOf(row);
    found.push({ localId, sessionId, sessionName: null, text, createdAt: acceptedAt, scheduledAt: null, state: "handed", waiting });
  }
  return found;
}

function worthAsking(all: readonly SessionSummary[]): SessionSummary[] {
  const isBusy = (row: SessionSummary): boolean => row.active || row.futureScheduledMessageCount > 0;
  const resting = all.filter((row) => !isBusy(row)).sort((a, b) => b.updatedAt - a.updatedAt);
  return [...all.filter(isBusy), ...resting.slice(0, MAX_RESTING)];
}

async function promptsOf(api: HubApi, row: SessionSummary, signal: AbortSignal): Promise<HubPrompt[]> {
  // The latest page carries every queued prompt, however short it is.
  const { messages } = await api.messages.page(row.id, { limit: 1 }, signal).catch((cause: unknown) => {
    if (cause instanceof AppError && cause.code === "session_not_found") return { messages: [] };
    throw cause;
  });
  return messages.flatMap((message) => {
    if (message.localId === null || message.invokedAt != null) return [];
    return [{ ...promptOf(message), localId: message.localId, sessionId: row.id, sessionName: nameOf(row) }];
  });
}

function promptOf(row: Message): Pick<HubPrompt, "text" | "createdAt" | "scheduledAt" | "state" | "waiting"> {
  const events = decodeContent(row.content, { id: row.id, localId: row.localId });
  return {
    text: events.find((event) => event.type === "user-message")?.text ?? "",
    createdAt: row.createdAt,
    scheduledAt: row.scheduledAt ?? null,
    waiting: row.waiting ?? null,
    state: stateInQueue(row, systemClock.now()),
  };
}

function nameOf({ metadata }: SessionSummary): string | null {
  return metadata?.name ?? metadata?.summary?.text ?? metadata?.path ?? null;
}
