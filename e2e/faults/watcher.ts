/**
 * A client that listens through every outage, as the web app does: the sync engine over the real event stream. Keeps every event, and notes what
 * no client may ever see: the session away or ended.
 */
import { createSyncEngine, type HubApi, type SyncEngine } from "@hapi/client";
import type { SyncState } from "@hapi/core";
import type { PromptStage, SyncEvent } from "@hapi/protocol";
import { fasterClock } from "./faster-clock.ts";

const UNTIL_MS = 180_000;
const ALIVE_STATES = new Set(["initializing", "running", "paused"]);

export interface Watcher {
  readonly state: SyncState;
  readonly events: readonly SyncEvent[];
  /** What showed the session as away or ended, in words. */
  readonly endings: readonly string[];
  /** Ids of every permission request that was ever shown. */
  readonly requests: ReadonlySet<string>;
  /** What it was told about each prompt, in order. */
  readonly stages: ReadonlyMap<string, readonly PromptStage[]>;
  until(test: (state: SyncState) => boolean, what: string): Promise<SyncState>;
  /** The next event, or one that was heard already after `from`. */
  event(test: (event: SyncEvent) => boolean, what: string, from?: number): Promise<SyncEvent>;
  stop(): Promise<void>;
}

/** Resolves when the list, the session and the newest page of its history are there. */
export async function watchHub(api: HubApi, sessionId: string): Promise<Watcher> {
  const events: SyncEvent[] = [];
  const endings: string[] = [];
  const requests = new Set<string>();
  const stages = new Map<string, PromptStage[]>();
  const watchers = new Set<() => void>();
  let wasActive = false;

  function note(event: SyncEvent): void {
    events.push(event);
    if (event.type === "message-stage" && event.sessionId === sessionId)
      stages.set(event.localId, [...(stages.get(event.localId) ?? []), event.stage]);
    if (event.type === "session-ended" && event.sessionId === sessionId) endings.push(`session-ended ${event.reason ?? ""}`);
    if (event.type === "session-removed" && event.sessionId === sessionId) endings.push("session-removed");
    if (event.type === "messages-indeterminate" && event.sessionId === sessionId)
      endings.push(`a prompt became unknown: ${event.localIds.join()}`);
    if (event.type !== "session-updated" || event.sessionId !== sessionId || !event.data) return;
    if (event.data.active === false && wasActive) endings.push("an event says inactive");
  }

  function look(state: SyncState): void {
    const session = state.sessions[sessionId];
    const summary = state.summaries[sessionId];
    for (const one of [session, summary]) {
      if (!one) continue;
      wasActive ||= one.active;
      if (wasActive && !one.active) endings.push("a client shows it inactive");
      const lifecycle = one.metadata?.lifecycleState;
      if (lifecycle !== undefined && !ALIVE_STATES.has(lifecycle)) endings.push(`lifecycle ${lifecycle}`);
    }
    for (const id of Object.keys(session?.agentState?.requests ?? {})) requests.add(id);
    for (const watcher of watchers) watcher();
  }

  const engine: SyncEngine = createSyncEngine({
    api,
    clock: fasterClock,
    onChange: look,
    onEvent: (event) => {
      note(event);
      for (const watcher of watchers) watcher();
    },
  });

  function when<T>(find: () => T | undefined, what: string): Promise<T> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        const found = find();
        if (found === undefined) return;
        watchers.delete(check);
        clearTimeout(timer);
        resolve(found);
      };
      const timer = setTimeout(() => {
        watchers.delete(check);
        reject(
          new Error(
            `never seen by the client: ${what}; its stream is ${engine.status.phase}; the last events: ${events
              .slice(-20)
              .map((event) => event.type)
              .join(" ")}`,
          ),
        );
      }, UNTIL_MS);
      watchers.add(check);
      check();
    });
  }

  const watcher: Watcher = {
    get state() {
      return engine.state;
    },
    events,
    endings,
    requests,
    stages,
    until: (test, what) => when(() => (test(engine.state) ? engine.state : undefined), what),
    event: (test, what, from = events.length) => when(() => events.slice(from).find(test), what),
    stop: () => engine.stop(),
  };
  await engine.start();
  engine.openSession(sessionId);
  await watcher.until((state) => {
    const { list, machines, sessions } = state.refetch;
    return (
      !list &&
      !machines &&
      Object.keys(sessions).length === 0 &&
      state.windows[sessionId]?.stale === false &&
      state.sessions[sessionId] !== undefined
    );
  }, "everything was read once");
  return watcher;
}
