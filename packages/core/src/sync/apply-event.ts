/**
 * The one reducer: a pushed event applied to what a client knows. Used by the web app, the CLI and the hub's own tests, where applying
 * every event must give what reading afresh gives. Applying an event again changes nothing.
 */
import type { Message, MessagesResponse, SyncEvent } from "@hapi/protocol";
import { laterStage } from "../stages.ts";
import { wantList } from "./due.ts";
import { isSameJson, isUnbegun } from "./rows.ts";
import { withMachineEvent, withoutSession, withOutcome, withRowHeard, withSessionEvent } from "./sessions.ts";
import { emptyWindow, type MessageWindow, type SyncState, without } from "./state.ts";
import { withDelta } from "./streams.ts";
import { certainRows, invalidated, mapRows, type PageRequest, removeRow, withLiveRow, withPage } from "./window.ts";

type Of<T extends SyncEvent["type"]> = Extract<SyncEvent, { type: T }>;

function inWindow(state: SyncState, id: string, change: (window: MessageWindow) => MessageWindow): SyncState {
  const window = Object.hasOwn(state.windows, id) ? state.windows[id] : undefined;
  if (!window) return state;
  const next = change(window);
  return next === window ? state : { ...state, windows: { ...state.windows, [id]: next } };
}

function named(localIds: readonly string[]): (row: Message) => boolean {
  const wanted = new Set(localIds);
  return (row) => row.localId !== null && wanted.has(row.localId);
}

function consumed(window: MessageWindow, event: Of<"messages-consumed">): MessageWindow {
  const isNamed = named(event.localIds);
  const knows = (localId: string): boolean => [...window.rows, ...window.queued].some((row) => row.localId === localId);
  const next = mapRows(window, isNamed, (row) => {
    if ((row.invokedAt ?? null) !== null) return row;
    const { deliveryState: _settled, waiting: _over, ...rest } = row;
    return { ...rest, invokedAt: event.invokedAt, ...(event.steered ? { steered: true } : {}) };
  });
  return event.localIds.every(knows) || next.stale || next.hasOlder ? next : { ...next, stale: true };
}

function requeued(window: MessageWindow, localIds: readonly string[]): MessageWindow {
  return mapRows(window, named(localIds), (row) => {
    if ((row.invokedAt ?? null) === null && row.deliveryState === undefined) return row;
    const { deliveryState: _settled, stageDetail: _before, ...rest } = row;
    // on its way once more: the stages of the first time are over
    return { ...rest, invokedAt: null, ...(rest.stage === undefined ? {} : { stage: "accepted" as const }) };
  });
}

function staged(window: MessageWindow, event: Of<"message-stage">): MessageWindow {
  return mapRows(window, named([event.localId]), (row) => {
    const stage = laterStage(row.stage, event.stage);
    if (stage === row.stage) return row;
    const { stageDetail: _before, waiting: _over, ...rest } = row;
    return event.detail === undefined ? { ...rest, stage } : { ...rest, stage, stageDetail: event.detail };
  });
}

function waits(window: MessageWindow, prompts: Of<"prompts-waiting">["prompts"]): MessageWindow {
  const byId = new Map(prompts.map(({ localId, waiting }) => [localId, waiting]));
  return mapRows(window, isUnbegun, (row) => {
    const { waiting: before, ...rest } = row;
    const now = row.localId === null ? undefined : byId.get(row.localId);
    if (isSameJson(before, now)) return row;
    return now === undefined ? rest : { ...rest, waiting: now };
  });
}

function indeterminate(window: MessageWindow, localIds: readonly string[]): MessageWindow {
  return mapRows(window, named(localIds), (row) => {
    const { waiting: _over, ...rest } = row;
    return row.deliveryState === "indeterminate" ? row : { ...rest, deliveryState: "indeterminate" };
  });
}

/** Nobody writes any more. */
function silenced(state: SyncState, id: string): SyncState {
  return inWindow(state, id, (window) => (Object.keys(window.streams).length === 0 ? window : { ...window, streams: {} }));
}

/** Events were missed: everything must be read again; what is shown stays until then. */
export function withGap(state: SyncState): SyncState {
  const windows = Object.fromEntries(Object.entries(state.windows).map(([id, window]) => [id, { ...window, stale: true }]));
  const known = Object.fromEntries(Object.keys(state.sessions).map((id) => [id, true as const]));
  return { ...state, windows, refetch: { list: true, machines: true, sessions: { ...state.refetch.sessions, ...known } } };
}

export function applySyncEvent(state: SyncState, event: SyncEvent): SyncState {
  switch (event.type) {
    case "connection-changed":
      return event.data.resume === "gap" ? withGap(state) : state;
    case "session-added":
    case "session-updated":
      return withSessionEvent(event.data?.active === false ? silenced(state, event.sessionId) : state, event.sessionId, event.data);
    case "session-ended":
      if (!state.summaries[event.sessionId] && !state.sessions[event.sessionId]) return state;
      return withSessionEvent(silenced(state, event.sessionId), event.sessionId, { active: false, thinking: false });
    case "session-outcome":
      return withOutcome(state, event.sessionId, event);
    case "session-removed":
      return withoutSession(state, event.sessionId);
    case "message-received":
      return inWindow(
        withRowHeard((event.message.scheduledAt ?? null) === null ? state : wantList(state), event.sessionId, event.message),
        event.sessionId,
        (window) => withLiveRow(window, event.message),
      );
    case "messages-consumed":
      return inWindow(state, event.sessionId, (window) => consumed(window, event));
    case "messages-indeterminate":
      return inWindow(state, event.sessionId, (window) => indeterminate(window, event.localIds));
    case "messages-requeued":
      return inWindow(state, event.sessionId, (window) => requeued(window, event.localIds));
    case "message-cancelled":
      return inWindow(
        (state.summaries[event.sessionId]?.futureScheduledMessageCount ?? 0) === 0 ? state : wantList(state),
        event.sessionId,
        (window) => removeRow(window, event.messageId, event.localId),
      );
    case "messages-invalidated":
      return inWindow(state, event.sessionId, invalidated);
    case "message-stage":
      return inWindow(state, event.sessionId, (window) => staged(window, event));
    case "prompts-waiting":
      return inWindow(state, event.sessionId, (window) => waits(window, event.prompts));
    case "stream":
      return inWindow(state, event.sessionId, (window) => withDelta(window, event, event.done === true));
    case "machine-updated":
      return withMachineEvent(state, event.machineId, event.data);
    case "scheduled-matured":
      return wantList(state);
    // nothing to keep; what facts say of a session is in the session too
    case "toast":
    case "heartbeat":
    case "caught-up":
    case "sign-in":
    case "facts":
      return state;
  }
}

/** From now on rows of this session are kept. Open it before reading its first page, so that nothing falls in between. */
export function openWindow(state: SyncState, sessionId: string, cached?: MessageWindow): SyncState {
  if (Object.hasOwn(state.windows, sessionId)) return state;
  return { ...state, windows: { ...state.windows, [sessionId]: cached ? { ...cached, stale: true, streams: {} } : emptyWindow } };
}

export function closeWindow(state: SyncState, sessionId: string): SyncState {
  const windows = without(state.windows, sessionId);
  return windows === state.windows ? state : { ...state, windows };
}

/** Before the pages between are read: `response` is the newest one, and does not reach back to what is known. */
export function withoutDoubtful(state: SyncState, sessionId: string, response: MessagesResponse): SyncState {
  return inWindow(state, sessionId, (window) => certainRows(window, response));
}

export function applyPage(state: SyncState, sessionId: string, response: Parameters<typeof withPage>[1], asked?: PageRequest): SyncState {
  return inWindow(state, sessionId, (window) => withPage(window, response, asked));
}
