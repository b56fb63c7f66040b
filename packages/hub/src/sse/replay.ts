/** What a subscriber missed, from the log: the current value once per entity, in the order of the last change, with that change's id. */
import type { SyncEvent } from "@hapi/protocol";
import type { MachineStore } from "../machines/store.ts";
import type { MessageStore } from "../messages/store.ts";
import type { SessionStore } from "../sessions/store.ts";
import { outcomeEvent } from "../events/outcome-event.ts";
import type { EventLog, LogEntry } from "../events/event-log.ts";
import { HubEvent } from "../events/hub-event.ts";

const maxEntries = 5_000;
const maxBytes = 4 * 1024 * 1024;

export interface ReplayDeps {
  log: EventLog;
  sessions: SessionStore;
  messages: MessageStore;
  machines: MachineStore;
}

/** Null: the log does not reach back that far, or it would be cheaper to read afresh. */
export async function replayAfter(deps: ReplayDeps, namespace: string, seq: number): Promise<HubEvent[] | null> {
  const entries = await deps.log.after(namespace, seq, maxEntries);
  if (entries === null) return null;
  const events: HubEvent[] = [];
  let bytes = 0;
  for (const entry of latestPerEntity(entries)) {
    for (const event of await currentEvents(deps, entry)) {
      const needs = event.type === "message-stage" ? "stages" : event.type === "session-outcome" ? "outcomes" : undefined;
      const hubEvent = new HubEvent({ namespace, event, seq: entry.seq, ...(needs === undefined ? {} : { needs }) });
      bytes += hubEvent.text.length;
      if (bytes > maxBytes) return null;
      events.push(hubEvent);
    }
  }
  return events;
}

/** An entry stands for the same value as a later one of its kind, entity and reference. */
function latestPerEntity(entries: readonly LogEntry[]): LogEntry[] {
  const last = new Map<string, LogEntry>();
  for (const entry of entries) {
    const kind = entry.type === "session-added" ? "session-updated" : entry.type;
    const key = `${kind}\n${entry.entity}\n${entry.ref ?? ""}`;
    last.delete(key);
    last.set(key, entry);
  }
  return [...last.values()];
}

async function currentEvents(deps: ReplayDeps, entry: LogEntry): Promise<SyncEvent[]> {
  const id = entry.entity.slice(entry.entity.indexOf(":") + 1);
  if (entry.type === "machine-updated") {
    const machine = await deps.machines.get(id);
    return machine ? [{ type: "machine-updated", machineId: id, data: machine }] : [];
  }
  if (entry.type === "session-removed") return [{ type: "session-removed", sessionId: id }];
  const session = await deps.sessions.get(id);
  if (!session) return [];
  switch (entry.type) {
    case "session-added":
    case "session-updated":
      return [{ type: "session-updated", sessionId: id, data: session }];
    case "session-outcome":
      return [outcomeEvent(session)];
    case "session-ended":
      return [{ type: "session-ended", sessionId: id, ...(entry.ref === null ? {} : { reason: entry.ref }) }];
    case "messages-invalidated":
    case "scheduled-matured":
      return [{ type: entry.type, sessionId: id }];
    case "message-cancelled":
      return [{ type: "message-cancelled", sessionId: id, ...(JSON.parse(entry.ref ?? "{}") as { messageId: string; localId: string }) }];
    default:
      return messageEvents(deps, entry, id);
  }
}

async function messageEvents({ messages }: ReplayDeps, entry: LogEntry, sessionId: string): Promise<SyncEvent[]> {
  if (entry.ref === null) return [];
  if (entry.type === "message-received") {
    const message = await messages.find(sessionId, entry.ref);
    return message ? [{ type: "message-received", sessionId, message }] : [];
  }
  if (entry.type === "message-stage") {
    const [row] = await messages.findLocal(sessionId, [entry.ref]);
    if (!row?.stage || row.localId === null) return [];
    const detail = row.stageDetail === undefined ? {} : { detail: row.stageDetail };
    return [{ type: "message-stage", sessionId, localId: row.localId, stage: row.stage, at: row.invokedAt ?? row.createdAt, ...detail }];
  }
  const rows = await messages.findLocal(sessionId, JSON.parse(entry.ref) as string[]);
  return queueEvents(entry.type, sessionId, rows);
}

/** What is true of these prompts now, in the words of the entry: one that was consumed since is no longer indeterminate. */
function queueEvents(type: SyncEvent["type"], sessionId: string, rows: Awaited<ReturnType<MessageStore["findLocal"]>>): SyncEvent[] {
  const names = (list: typeof rows) => list.map((row) => row.localId as string);
  const consumed = rows.filter((row) => row.invokedAt != null);
  const open = rows.filter((row) => row.invokedAt == null);
  if (type === "messages-consumed")
    return consumed.map((row) => ({
      type,
      sessionId,
      localIds: [row.localId as string],
      invokedAt: row.invokedAt as number,
      ...(row.steered ? { steered: true } : {}),
    }));
  const still = open.filter((row) => (row.deliveryState === "indeterminate") === (type === "messages-indeterminate"));
  if (still.length === 0) return [];
  if (type === "messages-indeterminate" || type === "messages-requeued") return [{ type, sessionId, localIds: names(still) }];
  return [];
}
