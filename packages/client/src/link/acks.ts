/**
 * Waiting until the hub has what was sent. A hub that acknowledges answers each message after it is on disk; one that doesn't (an existing
 * installation) still answers `ping`, which then is the barrier: what was sent before it has arrived. Which of the two a hub is shows by
 * itself on each connection; the first real acknowledgement settles it.
 */
import { AppError, errorCodes, type MessageAck } from "@hapi/protocol";
import type { Clock } from "../clock.ts";

/** No acknowledgement this long after the barrier came back: the hub gives none. */
export const ACK_GRACE_MS = 5_000;
/** A hub that acknowledges but stays silent this long is stuck; the message is sent again by its key. */
export const ACK_TIMEOUT_MS = 30_000;

export interface AckSocket {
  readonly connected: boolean;
  emit(event: string, ...args: unknown[]): unknown;
}

interface Pending {
  settle(error: AppError | null): void;
  /** Sent before a barrier that has come back. */
  isBehindBarrier: boolean;
}

export interface Acks {
  send(event: string, payload: unknown): Promise<void>;
  /** Everything sent before has arrived. */
  barrier(): Promise<void>;
  /** The connection broke: nothing sent on it will be answered. */
  reset(): void;
}

function refusal(answer: Extract<MessageAck, { error: string }>): AppError {
  return new AppError(errorCodes.find((code) => code === answer.code) ?? "internal", answer.error);
}

export function createAcks(socket: AckSocket, clock: Clock): Acks {
  let mode: "unknown" | "acks" | "barrier" = "unknown";
  const pending = new Set<Pending>();
  let isBarrierDue = false;
  let connection = 0;

  const broken = (): AppError => new AppError("hub_unreachable");

  function onBarrier(sent: readonly Pending[]): void {
    for (const entry of sent) entry.isBehindBarrier = true;
    if (mode === "barrier") return settleBehindBarrier();
    const mine = connection;
    clock.setTimer(ACK_GRACE_MS, () => {
      if (mine !== connection || mode !== "unknown") return;
      mode = "barrier";
      settleBehindBarrier();
    });
  }

  function settleBehindBarrier(): void {
    for (const entry of pending) if (entry.isBehindBarrier) entry.settle(null);
  }

  /** One ping for all messages of one event-loop turn. */
  function requestBarrier(): void {
    if (isBarrierDue || mode === "acks") return;
    isBarrierDue = true;
    queueMicrotask(() => {
      isBarrierDue = false;
      const sent = [...pending].filter((entry) => !entry.isBehindBarrier);
      const mine = connection;
      if (sent.length === 0 || !socket.connected) return;
      socket.emit("ping", () => {
        if (mine === connection) onBarrier(sent);
      });
    });
  }

  function send(event: string, payload: unknown): Promise<void> {
    if (!socket.connected) return Promise.reject(broken());
    const { entry, done } = expect();
    socket.emit(event, payload, (answer: MessageAck | undefined) => {
      mode = "acks";
      entry.settle(answer && "error" in answer ? refusal(answer) : null);
    });
    requestBarrier();
    return done;
  }

  function expect(): { entry: Pending; done: Promise<void> } {
    const { promise: done, resolve, reject } = Promise.withResolvers<void>();
    const entry: Pending = {
      isBehindBarrier: false,
      settle(error) {
        if (!pending.delete(entry)) return;
        cancel();
        if (error) reject(error);
        else resolve();
      },
    };
    const cancel = clock.setTimer(ACK_TIMEOUT_MS, () => entry.settle(new AppError("timeout")));
    pending.add(entry);
    return { entry, done };
  }

  function barrier(): Promise<void> {
    if (!socket.connected) return Promise.reject(broken());
    const { entry, done } = expect();
    entry.isBehindBarrier = true;
    socket.emit("ping", () => entry.settle(null));
    return done;
  }

  return {
    send,
    barrier,
    reset() {
      connection += 1;
      mode = "unknown";
      for (const entry of pending) entry.settle(broken());
    },
  };
}
