/**
 * Follows one prompt from before it is sent to the end of its turn, over the hub's event stream; a hub that goes away meanwhile is waited for
 * and asked where the prompt is by then.
 */
import { isFinalStage } from "@hapi/core";
import { AppError, type Message, type PromptStage, type PromptWaiting, type SyncEvent, toAppError } from "@hapi/protocol";
import { answerIn, rowsSince } from "./answer.ts";
import { type Clock, systemClock } from "./clock.ts";
import { createEventStream } from "./events.ts";
import type { HubApi } from "./rest.ts";

/** The turn's last words are behind its stage on their way. */
const LAST_WORDS_MS = 3_000;

export interface PromptEnd {
  outcome: "done" | "failed" | "interrupted" | "unknown" | "cancelled";
  text: string;
  failure: { code?: string; message?: string; retryable?: boolean } | null;
}

export interface WatchedPrompt {
  readonly end: Promise<PromptEnd>;
  close(): void;
}

export interface WatchPromptOptions {
  api: HubApi;
  sessionId: string;
  localId: string;
  /** A decision of a person is needed before it goes on; once per request. */
  onRequest?(requestId: string): void;
  /** It waits for something else now. */
  onWaiting?(waiting: PromptWaiting): void;
  clock?: Clock;
}

type Failure = PromptEnd["failure"];

export function watchPrompt({ api, sessionId, localId, onRequest, onWaiting, clock = systemClock }: WatchPromptOptions): WatchedPrompt {
  const { promise, resolve, reject } = Promise.withResolvers<PromptEnd>();
  const asked = new Set<string>();
  let ended: { outcome: PromptEnd["outcome"]; failure: Failure } | null = null;
  let isSeen = false;
  let waitsFor = "";
  let isPatient = true;
  let cancelWait: (() => void) | null = null;
  let reading: Promise<void> | null = null;
  let isStale = false;

  function staged(stage: PromptStage, failure: Failure): void {
    isSeen = true;
    // A turn that was tried again has another end.
    ended = isFinalStage(stage) || stage === "unknown" ? { outcome: stage as PromptEnd["outcome"], failure } : null;
  }

  /** One read at a time; what happens during one asks for another. */
  function look(): void {
    isStale = true;
    reading ??= read().finally(() => (reading = null));
  }

  async function read(): Promise<void> {
    while (isStale) {
      isStale = false;
      try {
        const found = await rowsSince(api, sessionId, localId);
        if (found) told(found.prompt, found.after);
        else if (isSeen) finish({ outcome: "cancelled", text: "", failure: null });
      } catch (cause) {
        const failure = toAppError(cause);
        // The stream comes back by itself, and asks again.
        if (!failure.retryable) reject(failure);
      }
    }
  }

  function told(prompt: Message, after: readonly Message[]): void {
    isSeen = true;
    if (prompt.stage) staged(prompt.stage, prompt.stageDetail ?? null);
    if (prompt.waiting && !ended) waits(prompt.waiting);
    if (!ended) return;
    const { text, isWhole } = answerIn(after, localId);
    if (isWhole || ended.outcome === "unknown" || !isPatient) return finish({ ...ended, text });
    cancelWait ??= clock.setTimer(LAST_WORDS_MS, () => {
      isPatient = false;
      look();
    });
  }

  function finish(end: PromptEnd): void {
    stop();
    resolve(end);
  }

  function onEvent(event: SyncEvent): void {
    if (event.type === "connection-changed") look();
    else if (event.type === "message-stage" && event.localId === localId) {
      staged(event.stage, (event.detail as Failure) ?? null);
      if (ended) look();
    } else if (event.type === "message-received" && ended) look();
    else if (event.type === "message-cancelled" && event.localId === localId) finish({ outcome: "cancelled", text: "", failure: null });
    else if (event.type === "prompts-waiting" && event.sessionId === sessionId) {
      const mine = event.prompts.find((prompt) => prompt.localId === localId);
      if (mine) waits(mine.waiting);
    } else if (event.type === "session-removed" && event.sessionId === sessionId)
      reject(new AppError("session_not_found", "The session was deleted"));
    else if (event.type === "session-updated" && event.data && "agentState" in event.data) requests(event.data.agentState);
  }

  function waits(waiting: PromptWaiting): void {
    const reason = `${waiting.for} ${waiting.code ?? ""}`;
    if (reason === waitsFor) return;
    waitsFor = reason;
    onWaiting?.(waiting);
  }

  function requests(state: unknown): void {
    const value = typeof state === "object" && state !== null && "value" in state ? state.value : state;
    const open = typeof value === "object" && value !== null && "requests" in value ? value.requests : null;
    for (const id of Object.keys(open ?? {})) {
      if (!asked.has(id)) onRequest?.(id);
      asked.add(id);
    }
  }

  const stream = createEventStream({
    // A compressed stream that is cut makes the runtime print about it.
    open: (method, path, call) => api.open(method, path, { ...call, headers: { ...call.headers, "accept-encoding": "identity" } }),
    caps: ["stages", "waiting"],
    scope: { sessionId },
    onEvent,
    onStatus: (status) => {
      if (status.phase === "signed-out") reject(status.error);
    },
    clock,
  });
  stream.start();

  function stop(): void {
    cancelWait?.();
    stream.stop();
  }
  return { end: promise, close: stop };
}
