/** A session summary for tests: an active, idle, read session unless told otherwise. */
import type { SessionSummary } from "@hapi/protocol";

export const NOW = Date.UTC(2026, 10, 20, 12);

export function testSummary(
  change: Partial<SessionSummary> & { path?: string; lifecycle?: string; title?: string; machineId?: string } = {},
): SessionSummary {
  const { path = "/home/ada/shop", lifecycle, title, machineId = "m1", ...rest } = change;
  return {
    id: "s1",
    active: true,
    thinking: false,
    activeAt: NOW,
    updatedAt: NOW - 60_000,
    pinned: false,
    globalPinned: false,
    metadata: {
      path,
      machineId,
      ...(title === undefined ? {} : { summary: { text: title } }),
      ...(lifecycle === undefined ? {} : { lifecycleState: lifecycle }),
    },
    metadataVersion: 1,
    agentStateVersion: 1,
    todosUpdatedAt: null,
    todoProgress: null,
    pendingRequestsCount: 0,
    pendingRequestKinds: [],
    pendingRequests: [],
    backgroundTaskCount: 0,
    futureScheduledMessageCount: 0,
    nextScheduledAt: null,
    model: null,
    effort: null,
    seenAt: NOW,
    ...rest,
  };
}

export const asksFor = (tool: string, since: number): Partial<SessionSummary> => ({
  pendingRequestsCount: 1,
  pendingRequestKinds: ["permission"],
  pendingRequests: [{ id: `${tool}-${since}`, kind: "permission", tool, since }],
});
