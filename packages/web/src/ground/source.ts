/**
 * Code that comes when it is first needed, and from where. What can't be fetched now (the hub is away, nothing kept it on the device) is asked
 * for again when the hub is heard again, for as long as somebody wants it.
 */
import { AppError } from "@hapi/protocol";
import { note } from "./ignore.ts";
import { isOnline, onOnline } from "./online.ts";

/** `away`: it comes with the connection. `gone`: the hub can be reached and does not have it, as after an update: a reload brings its successor. */
export type Lateness = "no" | "away" | "gone";

export interface Source<Module> {
  /** Asks once; the same promise while it is on its way. Rejects when it can't be had now. */
  load(): Promise<Module>;
  /** Asks until it is here. @returns what ends the asking */
  want(): () => void;
  here(): Module | null;
  lateness(): Lateness;
  subscribe(listener: () => void): () => void;
}

/** For code that an action needs: what can't be fetched is told like any other call that found no hub. */
export const arrived = <Module>(coming: Promise<Module>): Promise<Module> =>
  coming.catch((cause: unknown) => {
    throw new AppError("hub_unreachable", undefined, { cause });
  });

const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 30_000;
/** A hub that has just come back may refuse once more. */
const GONE_AFTER = 3;

/** The next moment at which asking again may help. */
function nextChance(tries: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const stops: (() => void)[] = [];
    const go = (): void => {
      for (const stop of stops) stop();
      resolve();
    };
    const timer = setTimeout(go, Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tries));
    const unsubscribe = onOnline(go);
    stops.push(
      () => clearTimeout(timer),
      unsubscribe,
      () => window.removeEventListener("online", go),
    );
    window.addEventListener("online", go);
    signal.addEventListener("abort", go, { once: true });
  });
}

export function source<Module>(fetch: () => Promise<Module>): Source<Module> {
  let module: Module | null = null;
  let coming: Promise<Module> | null = null;
  let lateness: Lateness = "no";
  const listeners = new Set<() => void>();
  const say = (next: Lateness): void => {
    lateness = next;
    for (const listener of listeners) listener();
  };

  function load(): Promise<Module> {
    coming ??= fetch().then(
      (loaded) => {
        module = loaded;
        say("no");
        return loaded;
      },
      (cause: unknown) => {
        coming = null;
        throw cause;
      },
    );
    return coming;
  }

  async function ask(signal: AbortSignal): Promise<void> {
    for (let tries = 0, refusals = 0; module === null && !signal.aborted; tries += 1) {
      try {
        await load();
      } catch (cause) {
        note("a part of the app could not be loaded yet", cause);
        refusals = isOnline() ? refusals + 1 : 0;
        say(refusals >= GONE_AFTER ? "gone" : "away");
        await nextChance(tries, signal);
      }
    }
  }

  return {
    load,
    want() {
      const stop = new AbortController();
      void ask(stop.signal);
      return () => stop.abort();
    },
    here: () => module,
    lateness: () => lateness,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
