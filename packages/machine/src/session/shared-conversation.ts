/** A conversation of the agent's that two sessions have: each writes to it, and neither shows what the other adds. */
import { noticeWords, type NoticeWords } from "@hapi/protocol/notices";
import { listSessionFiles } from "./create-session.ts";
import type { SessionFile } from "./session-file.ts";

/** What is to be said when `own` has taken up this conversation; null: no other session of this home has it. */
export function sharedConversation(home: string, own: Pick<SessionFile, "sessionId" | "flavor">, threadId: string): NoticeWords | null {
  const other = listSessionFiles(home).find(
    (one) => one.sessionId !== own.sessionId && one.flavor === own.flavor && one.threadId === threadId && one.fork !== true,
  );
  if (!other) return null;
  const short = other.sessionId.slice(0, 8);
  return noticeWords("conversation_shared", { session: short, directory: other.cwd, command: `hapi resume ${short}` });
}
