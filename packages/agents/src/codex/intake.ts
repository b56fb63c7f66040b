/**
 * What is heard of the server, in its order, and what of it waits: while the thread is being read, and while the session has no room for more. What waits
 * has a bound; what is said beyond it is dropped, for the thread has it, and the thread is joined anew as soon as that can be told.
 */
import type { Heard } from "./link.ts";

const MAX_WAITING_CHARS = 4 * 1024 * 1024;

export interface IntakeDeps {
  take(message: Heard): void;
  /** From now on something is missing. */
  full(): void;
  /** Everything that waited is taken, and something was dropped behind it. Nothing more is taken. */
  missed(): void;
  /** What waited could not be taken. */
  failed(cause: unknown): void;
}

export interface Intake {
  /** Something was dropped, and nothing is taken any more. */
  readonly isBehind: boolean;
  /** `chars`: how large it was on the wire. */
  heard(message: Heard, chars: number): void;
  /** Nothing is taken until the work is over. */
  holding<T>(work: () => Promise<T>): Promise<T>;
  /** Nothing is taken until there is room. */
  waitFor(room: Promise<void>): void;
  /** Whether there is room or not: nothing comes any more. */
  takeAll(): void;
  close(): void;
}

/** In its order, up to the bound; of one message the size does not count. */
function createQueue(take: (message: Heard) => void) {
  const waiting: { message: Heard; chars: number }[] = [];
  let waitingChars = 0;
  let isTaking = false;
  return {
    get isEmpty() {
      return waiting.length === 0 && !isTaking;
    },
    /** False: it does not fit. */
    add(message: Heard, chars: number): boolean {
      if (waiting.length > 0 && waitingChars + chars > MAX_WAITING_CHARS) return false;
      waiting.push({ message, chars });
      waitingChars += chars;
      return true;
    },
    takeWhile(mayTake: () => boolean): void {
      if (isTaking) return;
      isTaking = true;
      try {
        while (mayTake()) {
          const next = waiting.shift();
          if (!next) return;
          waitingChars -= next.chars;
          take(next.message);
        }
      } finally {
        isTaking = false;
      }
    },
  };
}

export function createIntake({ take, full, missed, failed }: IntakeDeps): Intake {
  const queue = createQueue(take);
  let works = 0;
  let hasRoom = true;
  let hasMissed = false;
  let isBehind = false;
  let isClosed = false;
  const isOpen = () => works === 0 && hasRoom && !isClosed;

  function go(): void {
    queue.takeWhile(isOpen);
    if (!hasMissed || isBehind || !queue.isEmpty || !isOpen()) return;
    isBehind = true;
    missed();
  }

  return {
    get isBehind() {
      return isBehind;
    },
    heard(message, chars) {
      if (hasMissed || isClosed) return;
      hasMissed = !queue.add(message, chars);
      if (hasMissed) full();
      else go();
    },
    async holding(work) {
      works++;
      try {
        return await work();
      } finally {
        works--;
        go();
      }
    },
    waitFor(room) {
      if (!hasRoom) return;
      hasRoom = false;
      const again = room.then(() => {
        hasRoom = true;
        go();
      });
      again.catch(failed);
    },
    takeAll: () => queue.takeWhile(() => works === 0 && !isClosed),
    close: () => void (isClosed = true),
  };
}
