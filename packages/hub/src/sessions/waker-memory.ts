/** What the waker knows of earlier starts: how many came to nothing, which wait for their time, and which only a person or the machine can help. */
import type { Clock } from "@hapi/platform";

/** A session that ends again and again right after its start is not started for ever. */
const maxStarts = 3;
const startsWindowMs = 5 * 60_000;
/** So often a machine that comes back, or an agent that is found there, is reason enough to try anew what failed each time. */
const maxAnew = 3;
const anewWindowMs = 60 * 60_000;
const firstPauseMs = 2_000;
const longestPauseMs = 60_000;
/** Of each kind of memory; the oldest is forgotten first. */
const maxKept = 1_000;

/** `refused`: it is started again when a person or its machine does something about it. `code`: why the last start failed. */
export type WakeState =
  | { state: "starting"; since: number }
  | { state: "paused"; since: number; until: number; code: string }
  | { state: "refused"; since: number; code: string };

interface Pause {
  since: number;
  until: number;
  ms: number;
  code: string;
  /** Null: its time is over, and only its length is remembered. */
  cancel: (() => void) | null;
}

export class WakerMemory {
  readonly #clock: Clock;
  readonly #starts = new Map<string, number[]>();
  readonly #anew = new Map<string, number[]>();
  readonly #pauses = new Map<string, Pause>();
  readonly #refused = new Map<string, { since: number; code: string }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  stateOf(sessionId: string): Exclude<WakeState, { state: "starting" }> | null {
    const pause = this.#pauses.get(sessionId);
    if (pause?.cancel) return { state: "paused", since: pause.since, until: pause.until, code: pause.code };
    const refused = this.#refused.get(sessionId);
    return refused ? { state: "refused", ...refused } : null;
  }

  mayStart(sessionId: string): boolean {
    return this.#recent(this.#starts, sessionId, startsWindowMs).length < maxStarts;
  }

  /** False: too many came to nothing. */
  countStart(sessionId: string): boolean {
    if (!this.mayStart(sessionId)) return false;
    put(this.#starts, sessionId, [...this.#recent(this.#starts, sessionId, startsWindowMs), this.#clock.now()]);
    return true;
  }

  uncountStart(sessionId: string): void {
    this.#starts.get(sessionId)?.pop();
  }

  forgetStarts(sessionId: string): void {
    this.#starts.delete(sessionId);
    this.#refused.delete(sessionId);
    this.#anew.delete(sessionId);
  }

  /** Something changed where it is started, and nobody asked for it: what failed before does not count, a few times in an hour. */
  anew(sessionId: string): boolean {
    const before = this.#recent(this.#anew, sessionId, anewWindowMs);
    if (before.length >= maxAnew) return false;
    this.#starts.delete(sessionId);
    this.#refused.delete(sessionId);
    put(this.#anew, sessionId, [...before, this.#clock.now()]);
    return true;
  }

  /** No start of it came to nothing lately. */
  isClean(sessionId: string): boolean {
    return this.stateOf(sessionId) === null && this.#recent(this.#starts, sessionId, startsWindowMs).length === 0;
  }

  /** It stands: only that it must also take its prompt is left. */
  started(sessionId: string): void {
    this.endPause(sessionId);
    this.#pauses.delete(sessionId);
    this.#refused.delete(sessionId);
  }

  pause(sessionId: string, code: string, over: () => void): void {
    this.endPause(sessionId);
    this.#refused.delete(sessionId);
    const since = this.#clock.now();
    const ms = Math.min((this.#pauses.get(sessionId)?.ms ?? firstPauseMs / 2) * 2, longestPauseMs);
    const pause: Pause = { since, until: since + ms, ms, code, cancel: null };
    pause.cancel = this.#clock.setTimer(ms, () => {
      pause.cancel = null;
      over();
    });
    const forgotten = put(this.#pauses, sessionId, pause);
    forgotten?.cancel?.();
  }

  endPause(sessionId: string): void {
    const pause = this.#pauses.get(sessionId);
    pause?.cancel?.();
    if (pause) pause.cancel = null;
  }

  refuse(sessionId: string, code: string): void {
    this.endPause(sessionId);
    this.#pauses.delete(sessionId);
    put(this.#refused, sessionId, { since: this.#refused.get(sessionId)?.since ?? this.#clock.now(), code });
  }

  close(): void {
    for (const pause of this.#pauses.values()) pause.cancel?.();
    this.#pauses.clear();
  }

  #recent(kept: ReadonlyMap<string, number[]>, sessionId: string, windowMs: number): number[] {
    const now = this.#clock.now();
    return (kept.get(sessionId) ?? []).filter((at) => now - at < windowMs);
  }
}

/** Newest last, and never more than are kept. @returns what fell out */
function put<T>(map: Map<string, T>, key: string, value: T): T | undefined {
  map.delete(key);
  map.set(key, value);
  if (map.size <= maxKept) return undefined;
  const [[oldest, fallen] = []] = map;
  if (oldest === undefined) return undefined;
  map.delete(oldest);
  return fallen;
}
