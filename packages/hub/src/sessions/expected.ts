/** Sessions that were just started and have not said anything yet: a prompt for them is accepted and delivered when they come. */
import type { Clock } from "@hapi/platform";

const expectMs = 60_000;
const maxExpected = 1_000;

export class ExpectedSessions {
  readonly #until = new Map<string, { at: number; machineId: string }>();
  readonly #clock: Pick<Clock, "now">;

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  expect(sessionId: string, machineId: string): void {
    if (this.#until.size >= maxExpected) this.#until.delete(this.#until.keys().next().value as string);
    this.#until.set(sessionId, { at: this.#clock.now() + expectMs, machineId });
  }

  has(sessionId: string): boolean {
    return (this.#until.get(sessionId)?.at ?? 0) > this.#clock.now();
  }

  /** Where it was started. */
  machineOf(sessionId: string): string | undefined {
    return this.#until.get(sessionId)?.machineId;
  }

  /** It came, or it ended: from now on its own state counts. */
  came(sessionId: string): void {
    this.#until.delete(sessionId);
  }
}
