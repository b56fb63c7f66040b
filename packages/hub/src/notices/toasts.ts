/**
 * Says to who is looking what just came up in a session: a request that waits, a turn that ended. Toasts are never logged or replayed; they
 * only go to visible readers. Made of facts, which come at least once: each request is told once.
 */
import type { Clock } from "@hapi/platform";
import { toolKindOf } from "@hapi/core";
import { type AgentStateRequest, type Fact, knownFacts, type Session, type SyncEvent } from "@hapi/protocol";
import type { Bus } from "../events/bus.ts";
import { HubEvent } from "../events/hub-event.ts";
import type { FactConsumer } from "../facts/feed.ts";
import type { StoredFacts } from "../facts/store.ts";

/** Requests that come together are one toast, as existing clients are used to. */
const requestQuietMs = 500;
const readyCooldownMs = 5_000;
/** A toast says what comes up: of what is older than this, also while no hub was there to say it, the list of sessions tells. */
const freshMs = 120_000;
const maxRemembered = 5_000;
/** Requests of different sessions wait for their quiet time side by side. */
const atOnce = 200;

export interface ToastDeps {
  bus: Bus;
  clock: Clock;
  session(id: string): Promise<Session | null>;
}

type ToastAbout = NonNullable<Extract<SyncEvent, { type: "toast" }>["data"]["about"]>;
type Of<Kind extends Fact["kind"]> = Extract<Fact, { kind: Kind }>;

interface Noticed {
  namespace: string;
  sessionId: string;
  body: string;
  about: ToastAbout;
}

/** What came up in the quiet time. */
interface Waiting {
  ids: string[];
  cancel: () => void;
  told: PromiseWithResolvers<void>;
}

export class Toasts implements FactConsumer {
  readonly name = "toasts";
  readonly kinds = ["asked", "turn-ended"] as const;
  readonly maxAgeMs = freshMs;
  readonly atOnce = atOnce;
  readonly #deps: ToastDeps;
  readonly #told = new Set<string>();
  readonly #readyAt = new Map<string, number>();
  readonly #waiting = new Map<string, Waiting>();

  constructor(deps: ToastDeps) {
    this.#deps = deps;
  }

  stop(): void {
    for (const { cancel } of this.#waiting.values()) cancel();
  }

  /** Done when what it tells is told. */
  async take({ namespace, sessionId, facts }: StoredFacts): Promise<void> {
    const own = knownFacts(facts).filter((fact) => fact.parent === undefined);
    const end = own.findLast((fact) => fact.kind === "turn-ended");
    if (end?.kind === "turn-ended") await this.#ended(namespace, sessionId, end);
    const asked = own.filter((fact) => fact.kind === "asked");
    if (asked.length > 0) await this.#requests(namespace, sessionId, asked);
  }

  async #requests(namespace: string, sessionId: string, asked: readonly Of<"asked">[]): Promise<void> {
    const now = this.#deps.clock.now();
    const earlier = this.#waiting.get(sessionId);
    const fresh = asked.filter(({ request, since }) => !this.#told.has(`${sessionId} ${request}`) && (since ?? now) > now - freshMs);
    const ids = fresh.map(({ request }) => request).filter((id) => !earlier?.ids.includes(id));
    // Given again while it waits: it is told with the others.
    if (ids.length === 0) return fresh.length > 0 ? earlier?.told.promise : undefined;
    earlier?.cancel();
    const waiting: Waiting = {
      ids: [...(earlier?.ids ?? []), ...ids],
      told: earlier?.told ?? Promise.withResolvers<void>(),
      cancel: this.#deps.clock.setTimer(requestQuietMs, () => {
        this.#waiting.delete(sessionId);
        this.#tellOpen(namespace, sessionId, waiting.ids).then(waiting.told.resolve, waiting.told.reject);
      }),
    };
    this.#waiting.set(sessionId, waiting);
    await waiting.told.promise;
  }

  /** What was answered in the quiet time waits for nobody. */
  async #tellOpen(namespace: string, sessionId: string, ids: readonly string[]): Promise<void> {
    const requests = (await this.#deps.session(sessionId))?.agentState?.requests ?? {};
    const open = ids.flatMap((id) => (Object.hasOwn(requests, id) ? (requests[id] ?? []) : []));
    const [first] = open;
    if (first) await this.#tell(noticedOf({ namespace, sessionId }, open, first));
    for (const id of ids) this.#remember(`${sessionId} ${id}`);
  }

  async #ended(namespace: string, sessionId: string, end: Of<"turn-ended">): Promise<void> {
    const said = endOfTurn(end);
    const now = this.#deps.clock.now();
    if (!said || now - (this.#readyAt.get(sessionId) ?? 0) < readyCooldownMs) return;
    if (this.#readyAt.size > maxRemembered) this.#readyAt.clear();
    this.#readyAt.set(sessionId, now);
    await this.#tell({ namespace, sessionId, ...said });
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

function noticedOf(where: Pick<Noticed, "namespace" | "sessionId">, open: readonly AgentStateRequest[], first: AgentStateRequest): Noticed {
  const body = open.length > 1 ? `${open.length} requests wait for you` : `${subjectOf(first)} waits for you`;
  const said = open.length > 1 ? undefined : first.title;
  return { ...where, body, about: { kind: "request", tool: first.tool, count: open.length, ...(said === undefined ? {} : { said }) } };
}

/** The agent's own sentence, else what it is; a tool's name is the agent's word, not a person's. */
function subjectOf({ title, tool }: AgentStateRequest): string {
  if (title !== undefined && title !== tool) return title;
  const kind = toolKindOf(tool);
  return kind === "plan" ? "A plan" : kind === "question" ? "A question" : tool;
}

/** Null: one that the person brought about. */
function endOfTurn({ outcome, failure }: Of<"turn-ended">): { body: string; about: ToastAbout } | null {
  if (outcome === "interrupted") return null;
  if (outcome !== "failed") return { body: "Done", about: { kind: "done" } };
  const message = failure?.message;
  return {
    body: `Failed: ${message ?? "the agent could not go on"}`,
    about: { kind: "failed", ...(message === undefined ? {} : { said: message }) },
  };
}

function titleOf(session: Session): string {
  const { metadata } = session;
  return metadata?.name ?? metadata?.summary?.text ?? metadata?.path.split("/").at(-1) ?? session.id.slice(0, 8);
}
