/**
 * Watches over every accepted prompt until its agent has begun with it: what it waits for, since when, and what will end that. Told to clients once a prompt has waited for a
 * moment; never on the disk, because it is made from what is true now. One that waits for nothing is a fault of ours: what should move is
 * poked, and where that does not help, the log and `hapi doctor` say so.
 */
import { isUnbegun, promptWaits, type QueuedPromptFacts, type Waits } from "@hapi/core";
import type { Clock, Logger } from "@hapi/platform";
import { ignore } from "@hapi/platform";
import type { MessagesResponse, PromptWaiting, Session, SyncEvent, WaitingPrompts } from "@hapi/protocol";
import type { Bus } from "../events/bus.ts";
import { HubEvent } from "../events/hub-event.ts";
import type { MessageStore, WaitingRow } from "./store.ts";

/** A prompt that goes at once is not told as waiting first. */
const momentMs = 1_000;
/** An agent begins sooner than this with what it was given; what takes longer is told. */
export const uptakeMs = 5_000;
const tickMs = 5_000;
/** What looks like nothing for so long is nothing: words on their way have come. */
export const repairAfterMs = 10_000;
export const alarmAfterMs = 20_000;
/** Looked at in one round; the others are left from there on. */
const maxSessions = 1_000;
/** Of one session told to clients: those behind wait for the same. */
const maxTold = 100;

export interface PromptWatchDeps {
  store: Pick<MessageStore, "waitingRows" | "handedRows" | "sessionsWithQueue">;
  session(id: string): Promise<Session | null>;
  facts(session: Session): Promise<(localId: string) => Omit<QueuedPromptFacts, keyof WaitingRow | "now">>;
  /** Its prompts wait for nothing. */
  repair(session: Session): void;
  /** They wait for a person to mend something: perhaps that was done. */
  lookAgain(session: Session, code: string): void;
  bus: Bus;
  clock: Clock;
  log: Logger;
}

interface Watched {
  namespace: string;
  prompts: Map<string, { acceptedAt: number; waiting: PromptWaiting }>;
  isAlarmed: boolean;
}

export class PromptWatch {
  readonly #deps: PromptWatchDeps;
  readonly #watched = new Map<string, Watched>();
  readonly #soon = new Map<string, () => void>();
  readonly #unsubscribe: () => void;
  #stopTick: () => void = () => undefined;
  #alarms = 0;

  constructor(deps: PromptWatchDeps) {
    this.#deps = deps;
    this.#unsubscribe = deps.bus.subscribe((events) => {
      for (const event of events) this.#hear(event);
    });
  }

  start(): void {
    ignore(this.#round(), "the next round looks again");
  }

  stop(): void {
    this.#unsubscribe();
    this.#stopTick();
    for (const cancel of this.#soon.values()) cancel();
    this.#soon.clear();
  }

  /** The rows of a page with what is known of those that wait. */
  withWaiting(sessionId: string, response: MessagesResponse): MessagesResponse {
    const known = this.#watched.get(sessionId);
    if (!known) return response;
    const messages = response.messages.map((row) => {
      const found = row.localId === null ? undefined : known.prompts.get(row.localId);
      return found && isUnbegun(row) ? { ...row, waiting: found.waiting } : row;
    });
    return { ...response, messages };
  }

  /** For who comes late. */
  snapshot(namespace: string): HubEvent[] {
    return [...this.#watched].filter(([, watched]) => watched.namespace === namespace).map(([id, watched]) => eventOf(id, watched));
  }

  waiting(namespace: string): WaitingPrompts {
    const prompts = [...this.#watched].flatMap(([sessionId, watched]) =>
      watched.namespace === namespace ? [...watched.prompts].map(([localId, prompt]) => ({ sessionId, localId, ...prompt })) : [],
    );
    return { prompts: prompts.slice(0, maxSessions), alarms: this.#alarms };
  }

  #hear({ event, sessionId }: HubEvent): void {
    if (sessionId === undefined) {
      if (event.type === "machine-updated") for (const id of this.#watched.keys()) this.#lookSoon(id);
      return;
    }
    const isNew = event.type === "message-received" && event.message.localId !== null && event.message.invokedAt == null;
    const mayEnd = event.type !== "prompts-waiting" && event.type !== "stream" && event.type !== "message-received";
    if (isNew || (mayEnd && this.#watched.has(sessionId))) this.#lookSoon(sessionId);
  }

  #lookSoon(sessionId: string): void {
    if (this.#soon.has(sessionId)) return;
    const look = (): void => {
      this.#soon.delete(sessionId);
      ignore(this.#guarded(sessionId), "said in the log; the next round looks again");
    };
    this.#soon.set(sessionId, this.#deps.clock.setTimer(momentMs, look));
  }

  async #round(): Promise<void> {
    this.#stopTick = this.#deps.clock.setTimer(tickMs, () => ignore(this.#round(), "the next round looks again"));
    const ids = new Set(await this.#deps.store.sessionsWithQueue(maxSessions));
    for (const id of this.#watched.keys()) ids.add(id);
    for (const id of ids) if (!this.#soon.has(id)) await this.#guarded(id);
  }

  async #guarded(sessionId: string): Promise<void> {
    await this.#look(sessionId).catch((cause: unknown) => this.#deps.log.warn("prompt.not_watched", { sessionId, cause }));
  }

  async #look(sessionId: string): Promise<void> {
    const session = await this.#deps.session(sessionId);
    const rows = session ? await this.#rowsOf(session.id) : [];
    const known = this.#watched.get(sessionId);
    if (!session || rows.length === 0) {
      this.#watched.delete(sessionId);
      return;
    }
    const factsOf = await this.#deps.facts(session);
    const prompts: Watched["prompts"] = new Map();
    for (const row of rows) {
      const facts = { ...row, ...factsOf(row.localId), now: this.#deps.clock.now() };
      const before = known?.prompts.get(row.localId)?.waiting;
      prompts.set(row.localId, { acceptedAt: row.acceptedAt, waiting: this.#dated(promptWaits(facts), row, before) });
    }
    const now: Watched = { namespace: session.namespace, prompts, isAlarmed: known?.isAlarmed ?? false };
    this.#watched.set(session.id, now);
    this.#logSilence(session.id, now, known);
    if (textOf(known) !== textOf(now)) this.#deps.bus.publish([eventOf(session.id, now)]);
    this.#act(session, now);
  }

  async #rowsOf(sessionId: string): Promise<WaitingRow[]> {
    const { store, clock } = this.#deps;
    const given = await store.handedRows(sessionId, clock.now() - uptakeMs, maxTold);
    return [...given, ...(await store.waitingRows(sessionId, maxTold))].slice(0, maxTold);
  }

  #dated({ for: what, since, until, code }: Waits, { acceptedAt }: WaitingRow, before: PromptWaiting | undefined): PromptWaiting {
    const first = what === "nothing" ? this.#deps.clock.now() : acceptedAt;
    const began = since ?? (before === undefined ? first : before.for === what ? before.since : this.#deps.clock.now());
    return { for: what, since: began, ...(until === undefined ? {} : { until }), ...(code === undefined ? {} : { code }) };
  }

  /** Once of each: nothing of ours can end it. */
  #logSilence(sessionId: string, { prompts }: Watched, before: Watched | undefined): void {
    for (const [localId, { waiting }] of prompts) {
      const isNew = waiting.for === "silence" && before?.prompts.get(localId)?.waiting.for !== "silence";
      if (isNew) this.#deps.log.warn("prompt.agent_silent", { sessionId, localId, since: waiting.since });
    }
  }

  #act(session: Session, watched: Watched): void {
    const all = [...watched.prompts.values()].map(({ waiting }) => waiting);
    const person = all.find(({ for: what }) => what === "person");
    if (person?.code !== undefined) this.#deps.lookAgain(session, person.code);
    const since = Math.min(...all.filter(({ for: what }) => what === "nothing").map((waiting) => waiting.since));
    const forMs = this.#deps.clock.now() - since;
    // A session of which nothing was heard since may be gone: then its line, or its lease, ends that.
    const isHeard = !session.active || session.activeAt > since;
    if (!(forMs >= repairAfterMs) || !isHeard) {
      watched.isAlarmed = false;
      return;
    }
    const about = { sessionId: session.id, localIds: [...watched.prompts.keys()].slice(0, 5), forMs };
    this.#deps.log.warn("prompt.poked", about);
    this.#deps.repair(session);
    if (forMs < alarmAfterMs || watched.isAlarmed) return;
    watched.isAlarmed = true;
    this.#alarms += 1;
    this.#deps.log.error("prompt.waits_for_nothing", { ...about, active: session.active, machineId: session.metadata?.machineId ?? null });
  }
}

function eventOf(sessionId: string, { namespace, prompts }: Watched): HubEvent {
  const event: SyncEvent = {
    type: "prompts-waiting",
    sessionId,
    prompts: [...prompts].map(([localId, { waiting }]) => ({ localId, waiting })),
  };
  return new HubEvent({ namespace, event, needs: "waiting" });
}

function textOf(watched: Watched | undefined): string {
  return watched ? JSON.stringify([...watched.prompts]) : "";
}
