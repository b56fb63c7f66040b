/**
 * The one place where an access token is looked at, whatever carried it: HTTP or a socket. Wrong ones are counted by caller and logged; who
 * guessed too often has to wait, also with the right one, except on this computer, where a program that guesses must not lock out the others.
 */
import type { Clock, Logger } from "@hapi/platform";
import { AppError } from "@hapi/protocol";
import type { Caller } from "./caller.ts";
import type { Credentials } from "./credentials.ts";
import { createFailureLimit } from "./rate-limit.ts";

export interface Door {
  /** The namespace of a valid token, else null. @throws `rate_limited` */
  namespaceOf(token: string, caller: Caller): string | null;
}

export function createDoor({ credentials, clock, log }: { credentials: Credentials; clock: Pick<Clock, "now">; log: Logger }): Door {
  const limit = createFailureLimit(clock);
  return {
    namespaceOf(token, { key, isLocal }) {
      const namespace = credentials.namespaceOf(token);
      if (limit.isBlocked(key) && (namespace === null || !isLocal)) throw new AppError("rate_limited");
      if (namespace !== null) return namespace;
      const failures = limit.failed(key);
      // The first tells of a slip or a start, the last before the wall of a search; the ones between would only fill the disk.
      if (failures === 1 || limit.isBlocked(key)) log.warn("auth.refused", { caller: key, failures });
      return null;
    },
  };
}
