/** Waiting for a condition that someone announces: no sleeping, no polling. */
export function sleepless() {
  const waiting = new Set<() => void>();
  return {
    tell(): void {
      for (const look of waiting) look();
    },
    until(condition: () => boolean): Promise<void> {
      return new Promise((resolve) => {
        const look = (): void => {
          if (!condition()) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      });
    },
  };
}
