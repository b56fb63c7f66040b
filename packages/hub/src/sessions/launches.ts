/**
 * Sessions the hub is starting at the moment: those that somebody resumes, and those that were just started and have not said anything yet. A
 * prompt for one of them is accepted and delivered when it comes.
 */
import type { Clock } from "@hapi/platform";

const expectMs = 60_000;
const maxExpected = 1_000;

export class Launches {
  readonly #expected = new Map<string, { at: number; machineId: string }>();
  readonly #resuming = new Map<string, Promise<string>>();
  readonly #waiting = new Map<string, () => void>();
  readonly #clock: Pick<Clock, "now">;

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  isUnderWay(sessionId: string): boolean {
    return this.isExpected(sessionId) || this.isResuming(sessionId);
  }

  expect(sessionId: string, machineId: string): void {
    if (this.#expected.size >= maxExpected) this.#expected.delete(this.#expected.keys().next().value as string);
    this.#expected.set(sessionId, { at: this.#clock.now() + expectMs, machineId });
  }

  isExpected(sessionId: string): boolean {
    return (this.#expected.get(sessionId)?.at ?? 0) > this.#clock.now();
  }

  /** Where it was started, when the row can't say it yet. */
  machineOf(sessionId: string): string | undefined {
    return this.#expected.get(sessionId)?.machineId;
  }

  /** It came, or it ended: from now on its own state counts. */
  came(sessionId: string): void {
    this.#expected.delete(sessionId);
  }

  isResuming(sessionId: string): boolean {
    return this.#resuming.has(sessionId);
  }

  /** One attempt at a time: who asks meanwhile joins it. */
  join(sessionId: string, attempt: () => Promise<string>): Promise<string> {
    const running = this.#resuming.get(sessionId);
    if (running) return running;
    const begun = attempt().finally(() => this.#resuming.delete(sessionId));
    this.#resuming.set(sessionId, begun);
    return begun;
  }

  /** Runs what waits for a session to come up, with what resolves when nobody wants that any more. */
  async whileWaiting<T>(sessionId: string, work: (givenUp: Promise<void>) => Promise<T>): Promise<T> {
    const givenUp = Promise.withResolvers<void>();
    this.#waiting.set(sessionId, givenUp.resolve);
    try {
      return await work(givenUp.promise);
    } finally {
      this.#waiting.delete(sessionId);
    }
  }

  isWaitedFor(sessionId: string): boolean {
    return this.#waiting.has(sessionId);
  }

  /** A person ended the session: nobody waits for it any more. */
  over(sessionId: string): void {
    this.came(sessionId);
    this.#waiting.get(sessionId)?.();
  }
}
