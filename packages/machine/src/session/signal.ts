/** Something that happens in a session. Whoever makes it known knows nobody who reacts; these are called at once, in the order in which they came. */
export interface Signal<Told extends unknown[] = []> {
  emit(...told: Told): void;
  on(listener: (...told: Told) => void): void;
}

export function createSignal<Told extends unknown[] = []>(): Signal<Told> {
  const listeners: ((...told: Told) => void)[] = [];
  return {
    emit(...told) {
      for (const listener of listeners) listener(...told);
    },
    on: (listener) => void listeners.push(listener),
  };
}
