/** What the hub says about the session that this directory would continue: deleted there means gone, archived means ask first. */
import type { SessionFile } from "@hapi/machine";
import { AppError, type Session, toAppError } from "@hapi/protocol";
import { type DirectorySession, type DirectorySessionInput, findDirectorySession } from "./directory-session.ts";

export interface HubWordDeps {
  request: DirectorySessionInput;
  /** Its row, made again where the hub does not know it; `session_not_found` where it was deleted. */
  row(sessionFile: SessionFile): Promise<Session>;
  confirm(question: string): Promise<boolean>;
  note(line: string): void;
}

export async function heedHub(found: DirectorySession, deps: HubWordDeps): Promise<DirectorySession> {
  if (found.kind === "new") return found;
  const { request } = deps;
  const another = (): DirectorySession =>
    findDirectorySession({ ...request, flags: { ...request.flags, existingSessionId: null, isNew: true } });
  const row = await rowOf(found.sessionFile, deps);
  if (row === "deleted") {
    const short = found.sessionFile.sessionId.slice(0, 8);
    if (request.flags.existingSessionId)
      throw new AppError("session_not_found", `Session ${short} was deleted at the hub. Start another with: hapi ${request.flavor}`);
    deps.note(`The session of this directory (${short}) was deleted at the hub. This is a new one.`);
    return another();
  }
  const isArchived = typeof row === "object" && row.metadata?.lifecycleState === "archived";
  if (!isArchived || request.flags.existingSessionId) return found;
  // An archived session is the person's to bring back.
  return (await deps.confirm("The session of this directory is archived. Continue it? (No starts a new one)")) ? found : another();
}

async function rowOf(sessionFile: SessionFile, { row }: HubWordDeps): Promise<Session | "deleted" | "unreachable"> {
  try {
    return await row(sessionFile);
  } catch (cause) {
    const failure = toAppError(cause);
    if (failure.code === "session_not_found") return "deleted";
    if (failure.code === "hub_unreachable") return "unreachable";
    throw failure;
  }
}
