/**
 * One session as the chat sees it, made from the sync engine's state. The view is the same object until something in it changed: parts are
 * remembered by the identity of what they were made from.
 */
import type { OutboxEntry } from "@hapi/client";
import { createTimeline, emptyWindow, type MessageWindow, type OutboxPrompt, type StreamBuffer, type Timeline } from "@hapi/core";
import type { Message, Session } from "@hapi/protocol";
import { machineName } from "../i18n/names.model.ts";
import type { ChatStore, ChatView } from "./port.ts";
import { isAway } from "./bridge.model.ts";
import type { HubLink } from "./link.ts";

/** Remembers one result as long as its arguments are the same objects. */
function remembered<Args extends readonly unknown[], Result>(make: (...args: Args) => Result): (...args: Args) => Result {
  let last: { args: Args; result: Result } | null = null;
  return (...args) => {
    const { args: before } = last ?? {};
    if (last && before && args.every((argument, at) => argument === before[at])) return last.result;
    last = { args, result: make(...args) };
    return last.result;
  };
}

const toPrompt = ({ localId, text, attachments, createdAt, scheduledAt, state, error }: OutboxEntry): OutboxPrompt => ({
  localId,
  text,
  attachments,
  createdAt,
  state,
  ...(scheduledAt === undefined ? {} : { scheduledAt }),
  ...(error === undefined ? {} : { error }),
});

export interface SessionStore extends ChatStore {
  setLoadingOlder(isLoading: boolean): void;
}

/** @param session what is known of it so far; the engine's newer word is used when it comes */
export function createSessionStore(link: HubLink, session: Session): SessionStore {
  const { id } = session;
  const timeline = createTimeline();
  const listeners = new Set<() => void>();
  let isLoadingOlder = false;
  let known = session;
  let view: ChatView | null = null;

  const messagesOf = remembered((rows: readonly Message[], queued: readonly Message[]) => [...rows, ...queued]);
  const streamsOf = remembered((streams: MessageWindow["streams"]): readonly StreamBuffer[] => Object.values(streams));
  const outboxOf = remembered((entries: readonly OutboxEntry[], sent: readonly OutboxEntry[]): readonly OutboxPrompt[] =>
    [...entries, ...sent].filter((entry) => entry.sessionId === id).map(toPrompt),
  );
  const timelineOf = remembered(
    (
      messages: readonly Message[],
      streams: readonly StreamBuffer[],
      agentState: Session["agentState"],
      outbox: readonly OutboxPrompt[],
      root: string | null,
    ): Timeline => timeline.update({ messages, streams, agentState, outbox, root }),
  );

  function read(): ChatView {
    const { engine, outbox, justSent, messagesError } = link;
    const window = engine.state.windows[id] ?? emptyWindow;
    known = engine.state.sessions[id] ?? known;
    const loaded = window.epoch !== null;
    const machine = engine.state.machines[known.metadata?.machineId ?? ""];
    return {
      session: known,
      timeline: timelineOf(
        messagesOf(window.rows, window.queued),
        streamsOf(window.streams),
        known.agentState,
        outboxOf(outbox.entries, justSent),
        known.metadata?.path ?? null,
      ),
      loaded,
      loadError: loaded || !messagesError ? null : messagesError,
      hasOlder: window.hasOlder,
      loadingOlder: isLoadingOlder,
      away: isAway(engine.status),
      machineName: machineName(machine) ?? known.metadata?.host ?? null,
      machineOnline: machine?.active ?? null,
    };
  }

  const isSame = (a: ChatView, b: ChatView): boolean => (Object.keys(b) as (keyof ChatView)[]).every((key) => a[key] === b[key]);

  function current(): ChatView {
    const next = read();
    if (!view || !isSame(view, next)) view = next;
    return view;
  }

  function tell(): void {
    const before = view;
    if (current() === before) return;
    for (const listener of listeners) listener();
  }

  let stop: (() => void) | null = null;
  return {
    view: current,
    subscribe(listener) {
      listeners.add(listener);
      stop ??= link.subscribe(tell);
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        stop?.();
        stop = null;
      };
    },
    setLoadingOlder(isLoading) {
      isLoadingOlder = isLoading;
      tell();
    },
  };
}
