/** Which rows a person opened or folded. Kept outside the rows, because a virtual list unmounts them; bounded, oldest choice forgotten first. */
const MAX_CHOICES = 2_000;

export interface Folds {
  /** Undefined: never touched, the row's own default holds. */
  get(key: string): boolean | undefined;
  set(key: string, open: boolean): void;
  subscribe(listener: () => void): () => void;
  /** Called before a fold changes: the list stops following the end, so that nothing moves under the finger. */
  onChange(listener: () => void): () => void;
}

export function createFolds(limit = MAX_CHOICES): Folds {
  const choices = new Map<string, boolean>();
  const listeners = new Set<() => void>();
  const watchers = new Set<() => void>();
  const on = (set: Set<() => void>) => (listener: () => void) => {
    set.add(listener);
    return () => set.delete(listener);
  };
  return {
    get: (key) => choices.get(key),
    set(key, open) {
      for (const watcher of watchers) watcher();
      choices.delete(key);
      choices.set(key, open);
      if (choices.size > limit) {
        const oldest = choices.keys().next().value;
        if (oldest !== undefined) choices.delete(oldest);
      }
      for (const listener of listeners) listener();
    },
    subscribe: on(listeners),
    onChange: on(watchers),
  };
}
