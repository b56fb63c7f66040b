/** The status of the session that is open. */
import { type SessionStatus, sessionSummary } from "@hapi/core";
import { useMemo } from "react";
import { useStatus } from "../../sessions/use-status.ts";
import { useChat } from "../chat-context.tsx";

export function useChatStatus(): SessionStatus {
  const session = useChat((view) => view.session);
  return useStatus(useMemo(() => sessionSummary(session), [session]));
}
