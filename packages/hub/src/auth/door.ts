/**
 * The one place where a secret is looked at, whatever carried it: HTTP or a socket. Wrong ones are counted by caller, logged and told; who
 * guessed too often has to wait, also with the right one, except on this computer, where a program that guesses must not lock out the others.
 * A sign-in that is over is no guess.
 */
import { ignore, type Clock, type Logger } from "@hapi/platform";
import { AppError, type ErrorCode } from "@hapi/protocol";
import type { Actor } from "./actor.ts";
import type { Caller } from "./caller.ts";
import type { Credentials } from "./credentials.ts";
import type { Lock } from "./lock.ts";
import { blockedSeconds, createFailureLimit } from "./rate-limit.ts";

export interface Door {
  /** As whom an access token acts, or null. @throws `hub_locked`, `rate_limited`, and what `Credentials.byToken` throws */
  actorOf(token: string, caller: Caller): Actor | null;
  /** For secrets that are looked at otherwise: what `look` throws counts as a guess where it says that nothing fits. @throws `hub_locked`, `rate_limited` */
  guarded<T>(caller: Caller, look: () => Promise<T>): Promise<T>;
}

export interface DoorOptions {
  credentials: Credentials;
  lock: Pick<Lock, "checkCaller">;
  /** Each failure that was looked at; those behind the wall of a search are not. */
  onFailed?(caller: Caller): void;
  clock: Pick<Clock, "now">;
  log: Logger;
}

const guesses: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["invalid_token", "code_refused", "passkey_refused", "passkey_unknown"]);

/** At most so long. */
const blocked = (): AppError => new AppError("rate_limited", undefined, { details: { retryAfter: blockedSeconds } });

export function createDoor({ credentials, lock, onFailed, clock, log }: DoorOptions): Door {
  const limit = createFailureLimit(clock);
  const failed = (caller: Caller): void => {
    const { key } = caller;
    onFailed?.(caller);
    const failures = limit.failed(key);
    // The first tells of a slip or a start, the last before the wall of a search; the ones between would only fill the disk.
    if (failures === 1 || limit.isBlocked(key)) log.warn("auth.refused", { caller: key, failures });
  };
  return {
    actorOf(token, caller) {
      const { key, isLocal } = caller;
      lock.checkCaller(caller);
      const actor = credentials.byToken(token);
      if (limit.isBlocked(key) && (actor === null || !isLocal)) throw blocked();
      if (actor === null) failed(caller);
      else ignore(credentials.used(actor, key), "when it was last used is a help, no promise");
      return actor;
    },
    async guarded(caller, look) {
      const { key, isLocal } = caller;
      lock.checkCaller(caller);
      if (limit.isBlocked(key) && !isLocal) throw blocked();
      try {
        return await look();
      } catch (cause) {
        if (!(cause instanceof AppError && guesses.has(cause.code))) throw cause;
        if (limit.isBlocked(key)) throw blocked();
        failed(caller);
        throw cause;
      }
    },
  };
}
