/** What HAPI itself says in a session's history. */
import type { DriverLog } from "@hapi/agents";
import type { NoticeWords } from "@hapi/protocol";
import type { Clock } from "@hapi/platform";
import { anotherCredential } from "./environment.ts";
import type { Ledger } from "./ledger.ts";
import type { Backlog } from "./backlog.ts";

/** Key of the other credentials that were told, by name. */
const CREDENTIALS_TOLD = "hapi.credentialsTold";

export type Notice = (words: NoticeWords, level?: "info" | "warning") => void;

export function createNotices({ backlog, clock }: { backlog: Backlog; clock: Clock }): Notice {
  let number = 0;
  return (words, level = "warning") => {
    const id = `hapi:notice:${clock.now()}:${number++}`;
    backlog.add(id, { type: "notice", id, level, ...words });
  };
}

export interface OtherCredentials {
  /** With the fingerprints of those of now. */
  changed: Readonly<Record<string, string>>;
  sessionId: string;
  ledger: Ledger;
  notice: Notice;
  log: DriverLog;
}

/** Each other one once: a key that was exchanged for good is no news at every start. */
export function tellCredentials({ changed, sessionId, ledger, notice, log }: OtherCredentials): void {
  const told = ledger.memory.get<Record<string, string>>(CREDENTIALS_TOLD) ?? {};
  const names = Object.keys(changed).filter((name) => told[name] !== changed[name]);
  if (names.length === 0) return;
  notice(anotherCredential(names, sessionId));
  ledger.memory
    .commit({ [CREDENTIALS_TOLD]: { ...told, ...changed } })
    .catch((cause: unknown) => log.warn("session.credentials_told_not_kept", { cause }));
}
