/** What one session asks, each on its own card. The cards are the chat's, so an approval looks and answers the same everywhere. */
import type { Session } from "@hapi/protocol";
import { Card } from "../../ui/card.tsx";

export function SessionRequests({ session }: { session: Session }) {
  return Object.entries(session.agentState?.requests ?? {}).map(([id, request]) => (
    <Card key={id} tone="waiting" className="p-3 font-mono text-small wrap-any">
      {request.tool}
    </Card>
  ));
}
