/** Whether a driven Claude is in a turn, as its output says; told live only, not while an old stretch of it is read again. */
export interface RemoteBusy {
  readonly now: boolean;
  set(isBusy: boolean): void;
  /** Resolves when no turn runs. */
  idle(): Promise<void>;
  /** While an old stretch is read again: nothing live is said. */
  replaying: boolean;
}

export function createRemoteBusy(begin: boolean, tell: (isBusy: boolean) => void): RemoteBusy {
  let busy = begin;
  let replaying = false;
  let waiters: (() => void)[] = [];

  return {
    get now() {
      return busy;
    },
    set(next) {
      busy = next;
      if (!replaying) tell(next);
      if (next) return;
      for (const done of waiters) done();
      waiters = [];
    },
    idle: () => (busy ? new Promise((resolve) => waiters.push(resolve)) : Promise.resolve()),
    get replaying() {
      return replaying;
    },
    set replaying(next) {
      replaying = next;
      if (!next) tell(busy);
    },
  };
}
