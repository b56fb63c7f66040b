/** Everything one session asks, as cards, from its stored state alone: for the inbox, where no conversation is loaded. */
import { useMemo } from "react";
import { createTimeline } from "@hapi/core";
import type { Session } from "@hapi/protocol";
import { useT } from "../../../i18n/index.ts";
import { agentName, shortPath } from "../../../i18n/names.model.ts";
import type { RequestActions } from "../../../sync/port.ts";
import { modesOf } from "../session.model.ts";
import { RequestCard } from "./lazy-request-card.tsx";
import { RequestHostContext, type RequestHost } from "./request-host.tsx";

export function SessionRequests({ session, actions }: { session: Session; actions: RequestActions }) {
  const t = useT();
  const requests = useMemo(
    () => createTimeline().update({ messages: [], agentState: session.agentState, root: session.metadata?.path ?? null }).requests,
    [session.agentState, session.metadata?.path],
  );
  const host = useMemo<RequestHost>(
    () => ({
      sessionId: session.id,
      agent: agentName(session.metadata?.flavor) || t("chat.agent"),
      directory: session.metadata ? shortPath(session.metadata.path, session.metadata.homeDir) : "",
      root: session.metadata?.path ?? null,
      modes: modesOf(session),
      mode: session.permissionMode ?? null,
      reachable: session.active,
      actions,
    }),
    [session, actions, t],
  );
  return (
    <RequestHostContext value={host}>
      <div className="flex flex-col gap-3">
        {requests.map((request) => (
          <RequestCard key={request.id} request={request} />
        ))}
      </div>
    </RequestHostContext>
  );
}
