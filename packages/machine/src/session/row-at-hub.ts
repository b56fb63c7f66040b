/**
 * A session's row as the hub has it. A hub that does not know the session any more may have been restored from an older copy: it gets the row
 * again. Only where a person deleted the session does it refuse: then this throws `session_not_found`.
 */
import type { Registration } from "@hapi/client/link";
import { type Session, toAppError } from "@hapi/protocol";
import { firstMetadata } from "./first-metadata.ts";
import type { SessionFile } from "./session-file.ts";

export interface RowsAtHub {
  session(sessionId: string): Promise<Session>;
  register(registration: Registration): Promise<Session>;
}

/** As whoever makes the session registers it, before its session process is up. */
export function firstRow(sessionFile: SessionFile, now: number): Registration {
  const { sessionId, tag, model } = sessionFile;
  return { id: sessionId, tag, metadata: firstMetadata(sessionFile, now), agentState: null, model: model ?? null };
}

export async function rowAtHub(hub: RowsAtHub, sessionFile: SessionFile, now: number): Promise<Session> {
  try {
    return await hub.session(sessionFile.sessionId);
  } catch (cause) {
    if (toAppError(cause).code !== "session_not_found") throw cause;
    return hub.register(firstRow(sessionFile, now));
  }
}
