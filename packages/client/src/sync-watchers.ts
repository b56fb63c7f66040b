/** Who looks at which session. One that nobody looks at any more stays warm for a while: whoever comes back sees it at once. */

/** Sessions nobody looks at any more stay warm, up to this many. */
const MAX_WARM = 8;

export interface SyncWatchers {
  /** Answers how to stop, once. */
  watch(id: string): () => void;
  /** The sessions that are too many, longest unseen first; they are forgotten. */
  cooled(): string[];
}

export function createSyncWatchers(onLeft: () => void): SyncWatchers {
  const watchers = new Map<string, number>();
  /** Open windows, longest unseen first. */
  const warm = new Set<string>();
  const add = (id: string, change: number): void => void watchers.set(id, (watchers.get(id) ?? 0) + change);

  return {
    watch(id) {
      add(id, 1);
      warm.delete(id);
      warm.add(id);
      let isOpen = true;
      return () => {
        if (!isOpen) return;
        isOpen = false;
        add(id, -1);
        onLeft();
      };
    },
    cooled() {
      const cold = [...warm].filter((id) => !watchers.get(id)).slice(0, Math.max(0, warm.size - MAX_WARM));
      for (const id of cold) warm.delete(id);
      return cold;
    },
  };
}
