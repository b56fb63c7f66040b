/** How a session's last turn ended, and up to when somebody has seen it. */
import type { LastTurn, SyncEvent } from "@hapi/protocol";

export const outcomeEvent = (session: { id: string; lastTurn?: LastTurn | undefined; seenAt?: number | undefined }): SyncEvent => ({
  type: "session-outcome",
  sessionId: session.id,
  ...(session.lastTurn === undefined ? {} : { lastTurn: session.lastTurn }),
  ...(session.seenAt === undefined ? {} : { seenAt: session.seenAt }),
});
