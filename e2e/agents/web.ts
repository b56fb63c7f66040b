/**
 * The web side of these tests: the same client, event stream and sync engine as the app. What it shows is read from the synced state only, so a row
 * that never arrived by an event, or stands in another place than the app would show it, is a failure here.
 */
import { createHubApi, createSyncEngine, type HubApi } from "@hapi/client";
import { createTimeline, decodeContent, type MessageWindow, type SyncState, type TimelineItem } from "@hapi/core";
import type { AgentEvent, AgentStateCompletedRequest, AgentStateRequest, Message, PromptStage, Session, SyncEvent } from "@hapi/protocol";

const UNTIL_MS = 180_000;

export interface OpenRequest extends AgentStateRequest {
  id: string;
}

export interface Web {
  readonly api: HubApi;
  readonly state: SyncState;
  /** Everything the event stream said, in order. */
  readonly events: readonly SyncEvent[];
  /** Resolves with the first thing that `look` finds; looks again at every event and read. */
  until<T>(look: () => T | null | undefined | false, what: string): Promise<T>;
  stop(): Promise<void>;
}

/** `screens`: what the terminals show, for who waits in vain. */
export async function openWeb(url: string, token: string, screens: () => Promise<string[]> = () => Promise.resolve([])): Promise<Web> {
  const api = createHubApi({ baseUrl: url, accessToken: () => token });
  const events: SyncEvent[] = [];
  const watchers = new Set<() => void>();
  const wake = (): void => {
    for (const look of [...watchers]) look();
  };
  const engine = createSyncEngine({
    api,
    onChange: wake,
    onEvent(event) {
      events.push(event);
      queueMicrotask(wake);
    },
  });
  await engine.start();
  const opened = new Set<string>();

  /** Rows of every session are kept, as if each were on the screen. */
  function openAll(): void {
    for (const id of Object.keys(engine.state.summaries)) {
      if (opened.has(id)) continue;
      opened.add(id);
      engine.openSession(id);
    }
  }

  return {
    api,
    get state() {
      return engine.state;
    },
    events,
    until(look, what) {
      return new Promise((resolve, reject) => {
        const done = (): void => {
          clearTimeout(timer);
          watchers.delete(check);
        };
        const check = (): void => {
          openAll();
          const found = look();
          if (found === null || found === undefined || found === false) return;
          done();
          resolve(found);
        };
        const timer = setTimeout(() => {
          done();
          const told = `the web never saw: ${what}; it saw\n${seen()}`;
          const withScreens = (shown: string[]): void => reject(new Error([told, ...shown].join("\na terminal shows:\n")));
          screens().then(withScreens, (cause: unknown) => withScreens([String(cause)]));
        }, UNTIL_MS);
        watchers.add(check);
        check();
      });
    },
    stop: () => engine.stop(),
  };

  function seen(): string {
    const sessions = Object.values(engine.state.sessions).map(
      (session) =>
        `${session.id} ${JSON.stringify({ active: session.active, thinking: session.thinking, lifecycle: session.metadata?.lifecycleState, agentState: session.agentState })}`,
    );
    const rows = Object.values(engine.state.windows).flatMap((window) => eventsOf(window).map((event) => tell(event)));
    const stages = Object.values(engine.state.windows).flatMap((window) =>
      window.rows.flatMap((row) => (row.stage ? [`${row.localId} ${row.stage} ${JSON.stringify(row.stageDetail ?? null)}`] : [])),
    );
    const last = events.slice(-12).map((event) => JSON.stringify(event).slice(0, 300));
    return [...sessions, ...rows, ...stages, "last events:", ...last].join("\n");
  }
}

/** A prompt of the web and the agent's own record of it are one. */
function eventsOf(window: MessageWindow | undefined): AgentEvent[] {
  const prompts = new Set<string>();
  const events = (window?.rows ?? []).flatMap((row) => decodeContent(row.content, { id: row.id, localId: row.localId }));
  return events.filter((event) => {
    if (event.type !== "user-message" || event.localId === undefined) return true;
    const isFirst = !prompts.has(event.localId);
    prompts.add(event.localId);
    return isFirst;
  });
}

/** One session as the web shows it. */
export interface WebSession {
  readonly id: string;
  readonly web: Web;
  readonly value: Session;
  /** In the order of the screen. */
  readonly history: readonly AgentEvent[];
  /** The history in words, without what has no place in a conversation (usage, titles). */
  readonly told: readonly string[];
  /** What the chat draws, in words. */
  readonly drawn: readonly string[];
  readonly rows: readonly Message[];
  /** The open requests, oldest first. */
  readonly requests: readonly OpenRequest[];
  closed(requestId: string): AgentStateCompletedRequest | undefined;
  /** Every stage that was announced for a prompt. */
  stages(localId: string): PromptStage[];
  send(text: string, more?: Partial<Parameters<HubApi["messages"]["send"]>[1]>): Promise<string>;
  /** Sends and waits until it is done. */
  ask(text: string): Promise<string>;
  finished(localId: string, stage?: PromptStage): Promise<void>;
  request(after?: readonly string[]): Promise<OpenRequest>;
  /** `after`: length of `told` from which it counts. */
  tells(line: string | RegExp, after?: number): Promise<string>;
  /** So many turns have ended. */
  turns(count: number): Promise<void>;
  idle(): Promise<void>;
}

export function webSession(web: Web, id: string): WebSession {
  const rows = (): readonly Message[] => web.state.windows[id]?.rows ?? [];
  const history = (): AgentEvent[] => eventsOf(web.state.windows[id]);
  const told = (): string[] => history().flatMap((event) => tell(event) ?? []);
  const timeline = createTimeline();
  const value = (): Session => {
    const session = web.state.sessions[id];
    if (!session) throw new Error("the web does not know this session");
    return session;
  };
  const requests = (): OpenRequest[] =>
    Object.entries(web.state.sessions[id]?.agentState?.requests ?? {})
      .map(([requestId, request]) => ({ ...request, id: requestId }))
      .sort((a, b) => (a.createdAt ?? 0) - (b.createdAt ?? 0));
  const row = (localId: string): Message | undefined =>
    [...rows(), ...(web.state.windows[id]?.queued ?? [])].find((one) => one.localId === localId);
  const session: WebSession = {
    id,
    web,
    get value() {
      return value();
    },
    get history() {
      return history();
    },
    get told() {
      return told();
    },
    get drawn() {
      return timeline.update({ messages: rows(), agentState: value().agentState }).items.flatMap((item) => draw(item) ?? []);
    },
    get rows() {
      return rows();
    },
    get requests() {
      return requests();
    },
    closed: (requestId) => web.state.sessions[id]?.agentState?.completedRequests?.[requestId],
    stages: (localId) => web.events.flatMap((event) => (event.type === "message-stage" && event.localId === localId ? [event.stage] : [])),
    async send(text, more = {}) {
      const localId = crypto.randomUUID();
      await web.api.messages.send(id, { text, localId, wake: true, ...more });
      return localId;
    },
    async ask(text) {
      const localId = await session.send(text);
      await session.finished(localId);
      return localId;
    },
    async finished(localId, stage = "done") {
      await web.until(() => row(localId)?.stage === stage, `prompt ${localId} is ${stage}`);
    },
    request: (after = []) => web.until(() => requests().find((one) => !after.includes(one.id)), "an open request"),
    tells: (line, after = 0) =>
      web.until(
        () =>
          told()
            .slice(after)
            .find((one) => (typeof line === "string" ? one === line : line.test(one))),
        String(line),
      ),
    async turns(count) {
      await web.until(() => told().filter((line) => line.startsWith("ended")).length >= count, `the end of turn ${count}`);
    },
    async idle() {
      await web.until(() => !value().thinking, "idle");
    },
  };
  return session;
}

/** An event in a few words; null for what is no part of the conversation. */
export function tell(event: AgentEvent): string | null {
  const under = event.parent === undefined ? "" : "  ";
  switch (event.type) {
    case "user-message":
      return `${under}${event.origin === "terminal" ? "typed" : "sent"}: ${event.text}`;
    case "agent-message":
      return `${under}says: ${event.text}`;
    case "thought":
      return `${under}thinks: ${event.text}`;
    case "tool-call":
      return `${under}calls: ${event.tool}`;
    case "tool-result":
      return `${under}result: ${event.status}`;
    case "turn-started":
      return `${under}started`;
    case "turn-ended":
      return `${under}ended: ${event.outcome}`;
    case "switch":
      return `switch: ${event.mode}`;
    case "notice":
      return `notice: ${event.text}`;
    default:
      return null;
  }
}

function draw(item: TimelineItem): string | null {
  switch (item.type) {
    case "prompt":
      return `${item.origin === "terminal" ? "typed" : "sent"}: ${item.text}`;
    case "text":
      return `says: ${item.text}`;
    case "thought":
      return `thinks: ${item.text}`;
    case "tool":
      return `${item.status}: ${item.tool} ${item.object}`;
    case "turn-end":
      return `ended: ${item.outcome}`;
    case "switch":
      return `switch: ${item.mode}`;
    case "plan":
      return `todo: ${item.entries.map((entry) => `${entry.content} ${entry.status}`).join(", ")}`;
    default:
      return null;
  }
}
