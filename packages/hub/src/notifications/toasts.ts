/**
 * Says to who is looking what just came up in a session: a request that waits, a turn that ended. Toasts are never logged or replayed; they
 * only go to visible readers. Reads the bus, remembers a bounded amount, and tells each request once.
 */
import type { Clock } from "@hapi/platform";
import { toolKindOf } from "@hapi/core";
import type { AgentState, AgentStateRequest, LastTurn, Session, SyncEvent } from "@hapi/protocol";
import type { Bus } from "../events/bus.ts";
import { HubEvent } from "../events/hub-event.ts";

/** Requests that come together are one toast, as existing clients are used to. */
const requestQuietMs = 500;
const readyCooldownMs = 5_000;
/** Older ones were open before this hub began to look. */
const freshMs = 120_000;
const maxRemembered = 5_000;

export interface ToastDeps {
  bus: Bus;
  clock: Clock;
  session(id: string): Promise<Session | null>;
}

type ToastAbout = NonNullable<Extract<SyncEvent, { type: "toast" }>["data"]["about"]>;

interface Noticed {
  namespace: string;
  sessionId: string;
  body: string;
  about: ToastAbout;
}

export class Toasts {
  readonly #deps: ToastDeps;
  readonly #told = new Set<string>();
  readonly #readyAt = new Map<string, number>();
  /** Per session: what came up in the quiet time, and how to call the toast off. */
  readonly #waiting = new Map<string, { ids: string[]; cancel: () => void }>();
  readonly #unsubscribe: () => void;

  constructor(deps: ToastDeps) {
    this.#deps = deps;
    this.#unsubscribe = deps.bus.subscribe((events) => {
      for (const event of events) this.#look(event);
    });
  }

  stop(): void {
    this.#unsubscribe();
    for (const { cancel } of this.#waiting.values()) cancel();
  }

  #look({ namespace, event, turn }: HubEvent): void {
    if (event.type === "session-updated") {
      const state = agentStateOf(event.data);
      if (state) this.#requests(namespace, event.sessionId, state);
    } else if (event.type === "message-received" && turn) {
      const ended = endOfTurn(turn);
      if (ended) this.#ready({ namespace, sessionId: event.sessionId, ...ended });
    }
  }

  #requests(namespace: string, sessionId: string, state: AgentState): void {
    const now = this.#deps.clock.now();
    const fresh = Object.entries(state.requests ?? {}).filter(([id, request]) => {
      return !this.#told.has(`${sessionId} ${id}`) && (request.createdAt ?? now) > now - freshMs;
    });
    if (fresh.length === 0) return;
    for (const [id] of fresh) this.#remember(`${sessionId} ${id}`);
    const earlier = this.#waiting.get(sessionId);
    earlier?.cancel();
    const ids = [...(earlier?.ids ?? []), ...fresh.map(([id]) => id)];
    const cancel = this.#deps.clock.setTimer(requestQuietMs, () => {
      this.#waiting.delete(sessionId);
      void this.#tellOpen(namespace, sessionId, ids);
    });
    this.#waiting.set(sessionId, { ids, cancel });
  }

  /** What was answered in the quiet time waits for nobody. */
  async #tellOpen(namespace: string, sessionId: string, ids: readonly string[]): Promise<void> {
    const requests = (await this.#deps.session(sessionId))?.agentState?.requests ?? {};
    const open = ids.flatMap((id) => (Object.hasOwn(requests, id) ? (requests[id] ?? []) : []));
    const [first] = open;
    if (!first) return;
    const body = open.length > 1 ? `${open.length} requests wait for you` : `${subjectOf(first)} waits for you`;
    const said = open.length > 1 ? undefined : first.title;
    const about = { kind: "request", tool: first.tool, count: open.length, ...(said === undefined ? {} : { said }) };
    await this.#tell({ namespace, sessionId, body, about });
  }

  #ready(noticed: Noticed): void {
    const now = this.#deps.clock.now();
    if (now - (this.#readyAt.get(noticed.sessionId) ?? 0) < readyCooldownMs) return;
    if (this.#readyAt.size > maxRemembered) this.#readyAt.clear();
    this.#readyAt.set(noticed.sessionId, now);
    void this.#tell(noticed);
  }

  #remember(key: string): void {
    if (this.#told.size > maxRemembered) this.#told.clear();
    this.#told.add(key);
  }

  async #tell({ namespace, sessionId, body, about }: Noticed): Promise<void> {
    const session = await this.#deps.session(sessionId);
    if (!session) return;
    const data = { title: titleOf(session), body, sessionId, url: `/sessions/${sessionId}`, about };
    this.#deps.bus.publish([new HubEvent({ namespace, event: { type: "toast", data } })]);
  }
}

function agentStateOf(data: unknown): AgentState | null {
  const wrapped = (data as { agentState?: { value?: AgentState | null } | null } | undefined)?.agentState;
  return wrapped?.value ?? null;
}

/** The agent's own sentence, else what it is; a tool's name is the agent's word, not a person's. */
function subjectOf({ title, tool }: AgentStateRequest): string {
  if (title !== undefined && title !== tool) return title;
  const kind = toolKindOf(tool);
  return kind === "plan" ? "A plan" : kind === "question" ? "A question" : tool;
}

/** Null: one that the person brought about. */
function endOfTurn({ outcome, message }: LastTurn): { body: string; about: ToastAbout } | null {
  if (outcome === "interrupted") return null;
  if (outcome !== "failed") return { body: "Done", about: { kind: "done" } };
  return {
    body: `Failed: ${message ?? "the agent could not go on"}`,
    about: { kind: "failed", ...(message === undefined ? {} : { said: message }) },
  };
}

function titleOf(session: Session): string {
  const { metadata } = session;
  return metadata?.name ?? metadata?.summary?.text ?? metadata?.path.split("/").at(-1) ?? session.id.slice(0, 8);
}
