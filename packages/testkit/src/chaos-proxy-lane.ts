/** One direction of one connection: what goes in comes out later or slower, in order, and pushes back when too much waits. */
import type { Socket } from "node:net";
import type { Clock } from "@hapi/platform/lean";

export interface LaneWeather {
  delayMs?: number;
  /** Up to so much more, by chance, for each piece. */
  jitterMs?: number;
  bytesPerSecond?: number;
}

export interface Lane {
  push(bytes: Uint8Array): void;
  /** After everything that waits. */
  end(): void;
  /** Nothing comes out until `release`. */
  hold(): void;
  release(): void;
  /** What waits, and what comes, is lost. */
  swallow(): void;
  readonly isFull: boolean;
}

/** So much waits before its sender is made to wait. */
const FULL_BYTES = 256 << 10;
/** A throttled lane hands out pieces this often. */
const TICK_MS = 20;

export interface LaneParts {
  to: Socket;
  weather(): LaneWeather;
  random: () => number;
  clock: Clock;
  /** It was full, and is not any more. */
  hasRoom(): void;
}

export function createLane({ to, weather, random, clock, hasRoom }: LaneParts): Lane {
  let queue: { bytes: Uint8Array; due: number }[] = [];
  let waitingBytes = 0;
  let lastDue = 0;
  let freeAt = 0;
  let held = false;
  let swallowed = false;
  let ended = false;
  let blocked = false;
  let cancel: (() => void) | null = null;

  to.on("drain", () => {
    blocked = false;
    pump();
  });

  function wait(ms: number): void {
    cancel ??= clock.setTimer(ms, () => {
      cancel = null;
      pump();
    });
  }

  function pump(): void {
    if (held || blocked) return;
    for (let head = queue[0]; head; head = queue[0]) {
      const now = clock.now();
      const at = Math.max(head.due, freeAt);
      if (at > now) return wait(at - now);
      const { bytesPerSecond } = weather();
      const size = bytesPerSecond === undefined ? head.bytes.length : Math.max(1, Math.floor((bytesPerSecond * TICK_MS) / 1_000));
      const piece = head.bytes.subarray(0, size);
      if (bytesPerSecond !== undefined) freeAt = now + (piece.length * 1_000) / bytesPerSecond;
      if (piece.length === head.bytes.length) queue.shift();
      else head.bytes = head.bytes.subarray(size);
      gone(piece.length);
      if (to.destroyed) continue;
      if (!to.write(piece)) {
        blocked = true;
        return;
      }
    }
    if (ended && !to.destroyed) to.end();
  }

  function gone(bytes: number): void {
    const wasFull = waitingBytes > FULL_BYTES;
    waitingBytes -= bytes;
    if (wasFull && waitingBytes <= FULL_BYTES) hasRoom();
  }

  return {
    push(bytes) {
      if (swallowed || bytes.length === 0) return;
      const { delayMs = 0, jitterMs = 0 } = weather();
      lastDue = Math.max(lastDue, clock.now() + delayMs + random() * jitterMs);
      queue.push({ bytes, due: lastDue });
      waitingBytes += bytes.length;
      pump();
    },
    end() {
      if (swallowed) return;
      ended = true;
      pump();
    },
    hold() {
      held = true;
    },
    release() {
      held = false;
      pump();
    },
    swallow() {
      swallowed = true;
      cancel?.();
      queue = [];
      gone(waitingBytes);
    },
    get isFull() {
      return waitingBytes > FULL_BYTES;
    },
  };
}
