/**
 * Sends what is kept: one process at a time, in the order it was written per session, by the client's own state machine. Safe to be killed
 * anywhere: a prompt leaves the disk only after the hub's answer, and the same `localId` again is no second prompt.
 */
import { join } from "node:path";
import { createOutbox, type HubApi, type OutboxEntry } from "@hapi/client";
import { type Clock, systemClock, withDirLock } from "@hapi/platform";
import { AppError, type SendMessage, toAppError } from "@hapi/protocol";
import { forgetKeptPrompt, type HubTarget, isFor, type KeptPrompt, outboxDir, readKeptPrompts, writeKeptPrompt } from "./kept-prompts.ts";

const LOCK_RETRY_MS = 50;
/** Two that send at once do no harm, so a holder that says nothing of itself is not waited for longer. */
const OWNER_WITHIN_MS = 3_000;

export interface SendKeptOptions {
  home: string;
  target: HubTarget;
  send(sessionId: string, body: SendMessage, signal: AbortSignal): Promise<unknown>;
  /** How long to wait for another process that sends. */
  lockMs?: number;
  /** Gives up; what was not answered stays. */
  signal?: AbortSignal;
  clock?: Clock;
}

export interface SendKeptResult {
  sent: KeptPrompt[];
  /** Refused in this pass; each says why. */
  rejected: KeptPrompt[];
  /** Still to be sent, with what came in the way. */
  waiting: KeptPrompt[];
}

/** Only one process sends from this home, or takes back, at a time. */
export async function withOutboxLock<T>(
  home: string,
  work: () => Promise<T>,
  options: { lockMs?: number; clock?: Clock } = {},
): Promise<T> {
  const path = join(outboxDir(home), "sending.lock");
  const { lockMs = 0, clock = systemClock } = options;
  const lock = { retries: Math.floor(lockMs / LOCK_RETRY_MS), retryMs: LOCK_RETRY_MS, ownerWithinMs: OWNER_WITHIN_MS, clock };
  try {
    return await withDirLock(path, work, lock);
  } catch (cause) {
    const isLocked = cause instanceof AppError && cause.code === "timeout" && cause.details["path"] === path;
    throw isLocked ? new AppError("timeout", "Another hapi command is sending at the moment", { cause }) : cause;
  }
}

/** @throws `timeout` when another process sends for longer than `lockMs` */
export async function sendKept(options: SendKeptOptions): Promise<SendKeptResult> {
  const { home, target } = options;
  if (!readKeptPrompts(home).some((prompt) => prompt.state === "sending" && isFor(prompt, target)))
    return { sent: [], rejected: [], waiting: [] };
  return withOutboxLock(home, () => pass(options), options);
}

async function pass({ home, target, send, signal, clock }: SendKeptOptions): Promise<SendKeptResult> {
  const known = new Map<string, KeptPrompt>();
  const sent: KeptPrompt[] = [];
  const rejected: KeptPrompt[] = [];
  const written: Promise<void>[] = [];
  let storageError: unknown = null;
  const { promise: isOver, resolve: over } = Promise.withResolvers<void>();
  const write = (action: () => void): Promise<void> => {
    const done = Promise.resolve().then(action);
    written.push(done.catch((cause: unknown) => void (storageError ??= cause)));
    return done;
  };
  const full = (entry: OutboxEntry): KeptPrompt => ({ ...known.get(entry.localId)!, ...entry });

  const outbox = createOutbox({
    storage: {
      list: async () => {
        const found = readKeptPrompts(home).filter((prompt) => prompt.state === "sending" && isFor(prompt, target));
        for (const prompt of found) known.set(prompt.localId, prompt);
        return found;
      },
      put: (entry) => {
        if (entry.state === "rejected") rejected.push(full(entry));
        return write(() => writeKeptPrompt(home, full(entry)));
      },
      delete: (localId) => write(() => forgetKeptPrompt(home, known.get(localId)!)),
    },
    async send(sessionId, body, inner) {
      await send(sessionId, body, inner);
      const prompt = known.get(body.localId ?? "");
      if (prompt) sent.push(prompt);
    },
    newId: () => {
      throw new AppError("internal", "A pass adds no prompt");
    },
    onChange: (entries) => {
      if (isSettled(entries)) over();
    },
    onStorageError: (cause) => void (storageError ??= cause),
    ...(clock ? { clock } : {}),
  });
  signal?.addEventListener("abort", () => over(), { once: true });
  if (signal?.aborted) over();
  else await outbox.start();
  if (known.size === 0) over();
  await isOver;
  const { entries } = outbox;
  outbox.stop();
  await Promise.all(written);
  // What the disk did not take is still there in its old form: sent again, which changes nothing.
  if (storageError !== null) throw toAppError(storageError);
  return { sent, rejected, waiting: entries.filter((entry) => entry.state === "sending").map(full) };
}

/** Each session's next prompt has met something that a later pass may not meet, or there is none. */
function isSettled(entries: readonly OutboxEntry[]): boolean {
  const seen = new Set<string>();
  return entries
    .filter((entry) => entry.state === "sending" && !seen.has(entry.sessionId) && seen.add(entry.sessionId))
    .every((entry) => entry.error !== undefined);
}

/** To the hub; one that is to steer the running turn does so when the hub has it. Where that can't be done it waits its turn as any other. */
export function hubSender(api: HubApi, onSteer?: (localId: string, outcome: string) => void): SendKeptOptions["send"] {
  return async (sessionId, body, signal) => {
    await api.messages.send(sessionId, body, signal);
    if (body.deliveryMode !== "steer" || body.localId === undefined) return;
    const { localId } = body;
    const outcome = await api.messages.steer(sessionId, localId).then(
      (result) => (result.status === "failed" ? result.error : result.status),
      (cause: unknown) => notSteered(toAppError(cause)),
    );
    onSteer?.(localId, outcome);
  };
}

function notSteered({ code, message }: AppError): string {
  if (code === "session_inactive") return "the session is not running";
  return code === "rpc_target_missing" ? "its agent can't be steered at the moment" : message;
}
