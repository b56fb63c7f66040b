/** HAPI's own tools on the rooms of a session. */
import type { SessionPorts } from "../session-ports.ts";
import type { SessionState } from "../state.ts";
import { createOwnTools, type ToolRoom } from "./own-tools.ts";

export function sessionTools({ clock, log }: SessionPorts, { agent, signals }: SessionState): ToolRoom {
  return createOwnTools({
    titled(text) {
      agent.remember({ summary: { text, updatedAt: clock.now() }, isTitleChosen: true });
      signals.changed.emit();
    },
    log,
  });
}
