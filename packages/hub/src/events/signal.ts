/** What a part says has happened. It knows nobody who reacts to it: those are put together behind all parts (`reactions.ts`). */
export class Signal<Facts extends readonly unknown[]> {
  readonly #listeners: ((...facts: Facts) => void)[] = [];

  hear(listener: (...facts: Facts) => void): void {
    this.#listeners.push(listener);
  }

  tell(...facts: Facts): void {
    for (const listener of this.#listeners) listener(...facts);
  }
}
