/** HAPI's own tools on the rooms of a session. */
import type { Conversation } from "@hapi/agents";
import type { SessionParts } from "../parts.ts";
import type { SessionPorts } from "../session-ports.ts";
import type { SessionState } from "../state.ts";
import { type AskedPerson, createAskedPerson } from "./asked-person.ts";
import { createOwnTools, type ToolRoom } from "./own-tools.ts";
import { imageRows } from "./shown-image.ts";

export const personAsked = (
  { ledger, log }: SessionPorts,
  { signals }: SessionState,
  conversation: Pick<Conversation, "interrupt">,
): AskedPerson =>
  createAskedPerson({
    say: signals.agentSaid.emit,
    ended: (id) => ledger.state.closed.get(id)?.completed,
    interrupt: () => void conversation.interrupt().catch((cause: unknown) => log.warn("tool.turn_not_stopped", { cause })),
  });

export function sessionTools(ports: SessionPorts, state: SessionState, parts: Pick<SessionParts, "asked" | "confinement">): ToolRoom {
  const { clock, log } = ports;
  const { agent, backlog, signals } = state;
  const { asked, confinement } = parts;
  signals.agentSaid.on((event) => {
    if (event.type === "record" && event.event.type === "turn-ended" && event.event.outcome !== "completed") asked.withdraw();
  });
  return createOwnTools({
    titled(text) {
      agent.remember({ summary: { text, updatedAt: clock.now() }, isTitleChosen: true });
      signals.changed.emit();
    },
    asked,
    async shown(picture) {
      const rows = await imageRows(confinement, picture);
      // A call that comes again has the same id, and so have its rows: they stand once.
      for (const row of rows) backlog.add(row.id, row, { at: clock.now() });
    },
    log,
  });
}
