/** A session with nothing to say for itself, for tests that change one. */
import type { Session } from "@hapi/protocol";

export const plainSession = (patch: Partial<Session> = {}): Session => ({
  id: "s",
  namespace: "default",
  seq: 1,
  createdAt: 1,
  updatedAt: 1,
  active: true,
  activeAt: 1,
  metadata: { path: "/p", host: "h" },
  metadataVersion: 1,
  agentState: null,
  agentStateVersion: 1,
  thinking: false,
  thinkingAt: 0,
  ...patch,
});
