/**
 * The line to one running OpenCode server: hears its events, reads its record whenever it may have missed some, and keeps both in the mirror. Order: it
 * listens first and reads then, so nothing falls between the two.
 */
import type { ExitStatus, HostProcess } from "@hapi/host";
import { delay, ignore, LATE, within } from "@hapi/platform/lean";
import type { DriverContext, DriverEvent } from "../driver.ts";
import { followLastWords, followOutput, type LastWords } from "../shared/last-words.ts";
import { exitFailure } from "../shared/process-end.ts";
import { fields, filled, list, text, type Fields } from "../shared/read.ts";
import { type Api, ApiFailure } from "./api.ts";
import { hear, type Hearing } from "./hearing.ts";
import { createMirror, isOurs, readMessage } from "./mirror.ts";
import { AGENT_NAME } from "./name.ts";
import { closeAnswered, refusalOf } from "./requests.ts";
import { type OpenCodeState, STATE_KEY, type Translation } from "./state.ts";
import { tell } from "./teller.ts";
import { endTurn, endTurnIfOver, passOver } from "./turns.ts";
import { processGone } from "./gone.ts";

const AGAIN_MS = 300;
/** It says something every ten seconds (`server.heartbeat`). */
const SILENT_MS = 60_000;
/** After the word that it is idle its record may lag so long behind. */
const SETTLE_MS = 3_000;
const PAGE = 200;

export interface LinkOptions {
  context: DriverContext;
  process: HostProcess;
  api: Api;
  state: OpenCodeState;
  /** It lived before this process: what it refuses is asked for again, and only its end is the end. */
  isAdopted: boolean;
  /** It asked, while the mode is to allow everything. */
  allow(requestId: string): void;
  /** It asked for more than can be kept open. */
  refuse(requestId: string): void;
  /** It is idle, and a prompt that it took was not begun, or not any more. */
  unbegun(): void;
  /** It has begun with a prompt that a person stopped before. */
  begunStopped(): void;
}

type RequestClosed = Extract<DriverEvent, { type: "request-closed" }>;

export class ServerLink {
  readonly state: OpenCodeState;
  readonly process: HostProcess;
  readonly api: Api;
  readonly to: Translation;
  /** `stop` asked for the end. */
  expected = false;
  /** Everything that was there at the start is told. */
  readonly ready: Promise<void>;
  /** The server is gone, and that is told. */
  readonly gone: Promise<ExitStatus>;

  readonly #options: LinkOptions;
  readonly #hearing: Hearing;
  readonly #lastWords: LastWords;
  readonly #detach = new AbortController();
  readonly #ready = Promise.withResolvers<void>();
  readonly #closings = new Map<string, ((closed: RequestClosed) => void)[]>();
  #ended = false;
  #isReady = false;
  #settling: (() => void) | null = null;

  constructor(options: LinkOptions) {
    const { context, state, process, api } = options;
    this.#options = options;
    this.state = state;
    this.process = process;
    this.api = api;
    const emit = (event: DriverEvent) => this.#emit(event);
    const base = {
      state,
      context,
      windows: new Map<string, number>(),
      mirror: createMirror(),
      told: new Set<string>(),
      unknown: {},
      shownModel: null,
    };
    this.to = { ...base, isBusy: false, emit };
    this.#hearing = { to: this.to, allow: options.allow, refuse: options.refuse, title: null };
    this.ready = this.#ready.promise;
    ignore(this.ready, "who starts the agent hears of it");
    const { signal } = this.#detach;
    this.#lastWords = followLastWords(process, signal);
    const output = followOutput(process, "out", { signal, heard: () => undefined });
    ignore(output, "it is of no use any more; its end is the end of the process");
    this.gone = this.#untilGone();
    ignore(this.gone, "the host is gone, which its own event says");
    ignore(this.#listen(), "it ends with the server, and is begun again before that");
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Is a turn running, or about to? */
  get busy(): boolean {
    return this.to.isBusy || this.state.turn !== null || this.state.pending !== null;
  }

  /** What this process has of it, to be committed. */
  snapshot(): Record<string, unknown> {
    return { [STATE_KEY]: structuredClone(this.state) };
  }

  commit(more: Record<string, unknown> = {}): Promise<void> {
    return this.#options.context.memory.commit({ ...this.snapshot(), ...more });
  }

  /** How a request ended, once it has. */
  closed(requestId: string): Promise<RequestClosed> {
    return new Promise((resolve) => this.#closings.set(requestId, [...(this.#closings.get(requestId) ?? []), resolve]));
  }

  /** Stops listening; the server goes on under its host. */
  detach(): void {
    this.#settling?.();
    this.#detach.abort();
  }

  #emit(event: DriverEvent): void {
    if (this.#detach.signal.aborted) return;
    if (event.type === "request-closed") {
      for (const heard of this.#closings.get(event.id) ?? []) heard(event);
      this.#closings.delete(event.id);
    }
    this.#options.context.emit(event);
  }

  async #listen(): Promise<void> {
    const { context } = this.#options;
    const { signal } = this.#detach;
    while (!signal.aborted && !this.#ended) {
      try {
        await this.#listenOnce(signal);
      } catch (cause) {
        if (signal.aborted || this.#ended) return;
        context.log.warn("opencode.events_lost", { cause });
        if (cause instanceof ApiFailure && !this.#options.isAdopted) this.#ready.reject(cause);
      }
      await delay(AGAIN_MS, { clock: context.clock, signal });
    }
  }

  async #listenOnce(signal: AbortSignal): Promise<void> {
    const { context, api } = this.#options;
    // Given up, the connection is closed, not only no longer read.
    const connection = new AbortController();
    const events = api.events(AbortSignal.any([signal, connection.signal]));
    try {
      for (;;) {
        // What it knows at the start is told in any case: the hub may be away for longer than anybody waits for an agent.
        if (this.#isReady) await context.room?.();
        const next = await within(context.clock, SILENT_MS, events.next());
        if (next === LATE) throw new Error("OpenCode's events are silent");
        if (next.done) return;
        await this.#heard(fields(next.value));
      }
    } finally {
      connection.abort();
    }
  }

  async #heard(event: Fields): Promise<void> {
    const { pending } = this.state;
    await this.#take(event);
    // A stop does not reach a prompt that OpenCode has not written down yet: it begins with it all the same.
    if (pending?.stopped && this.to.isBusy && this.state.turn?.userId === pending.messageId) this.#options.begunStopped();
  }

  async #take(event: Fields): Promise<void> {
    const type = text(event["type"]) ?? "";
    if (type === "server.connected") {
      await this.readRecord();
      this.#isReady = true;
      this.#ready.resolve();
      return this.#status();
    }
    hear(this.#hearing, type, event);
    if (type === "session.status") this.#status();
  }

  #status(): void {
    const { state, to } = this;
    this.#settling?.();
    this.#settling = null;
    if (to.isBusy) return;
    if ((state.pending?.handed || state.pending?.stopped) && !state.turn) return this.#options.unbegun();
    // Its record has not said yet how the turn ended; if it never does, what it holds by then is all there is.
    if (state.turn)
      this.#settling = this.#options.context.clock.setTimer(SETTLE_MS, () => ignore(this.#settle(), "it is read again at the next word"));
  }

  /** What it is idle with is looked at once more after this time, if it says nothing before. */
  lookLater(ms: number): void {
    if (this.to.isBusy || this.#ended || this.#detach.signal.aborted) return;
    this.#settling?.();
    this.#settling = this.#options.context.clock.setTimer(ms, () => this.#status());
  }

  async #settle(): Promise<void> {
    try {
      await this.readRecord();
    } catch (cause) {
      this.#options.context.log.warn("opencode.record_unread", { cause });
      return this.#status();
    }
    const { turn } = this.state;
    if (!turn || this.to.isBusy) return;
    endTurn(this.to, { outcome: "interrupted" }, turn.lastId);
    passOver(this.to);
  }

  /** Messages, what is running and what is asked, as they are now. */
  async readRecord(): Promise<void> {
    const { state, to, api } = this;
    for (const entry of await this.#unread()) readMessage(to.mirror, entry);
    await this.#readChildren();
    const status = fields(fields(await api.get("/session/status"))[state.threadId]);
    to.isBusy = status["type"] === "busy" || status["type"] === "retry";
    tell(to);
    await this.#readRequests();
    endTurnIfOver(to);
    if (!to.isBusy) passOver(to);
  }

  /** Of a long conversation the end is enough, unless more of it is untold. */
  async #unread(): Promise<readonly unknown[]> {
    const { threadId, readFrom } = this.state;
    const path = `/session/${threadId}/message`;
    const last = list(await this.api.get(`${path}?limit=${PAGE}`));
    const isEnough = last.length < PAGE || (readFrom !== null && idOf(last[0]) <= readFrom);
    const messages = isEnough ? last : list(await this.api.get(path));
    return messages.filter((entry) => readFrom === null || idOf(entry) > readFrom);
  }

  /** Sub-agents of a turn that is open. */
  async #readChildren(): Promise<void> {
    const { to, api } = this;
    const { threadId, turn } = this.state;
    if (!turn) return;
    const wanted = [threadId];
    for (let parent = wanted.shift(); parent !== undefined; parent = wanted.shift()) {
      for (const child of list(await api.get(`/session/${parent}/children`)).map(fields)) {
        const id = filled(child["id"]);
        if (id === undefined || to.mirror.parents.has(id)) continue;
        to.mirror.parents.set(id, parent);
        for (const entry of list(await api.get(`/session/${id}/message`))) readMessage(to.mirror, entry);
        wanted.push(id);
      }
    }
  }

  async #readRequests(): Promise<void> {
    const { to, api, state } = this;
    const asked = [...list(await api.get("/permission")), ...list(await api.get("/question"))].map(fields);
    const ours = asked.filter((one) => isOurs(to.mirror, state.threadId, text(one["sessionID"]) ?? ""));
    const ids = new Set(ours.flatMap((one) => filled(one["id"]) ?? []));
    closeAnswered(to, ids);
    for (const one of ours) {
      const id = text(one["id"]) ?? "";
      if (state.requests[id]) to.emit({ type: "request", request: state.requests[id].request });
      // Left behind by a turn that was stopped: OpenCode keeps it for good.
      else if (!to.isBusy) ignore(api.post(...refusalOf(id)), "nobody waits for it");
      else hear(this.#hearing, id.startsWith("que") ? "question.asked" : "permission.asked", { properties: one });
    }
  }

  async #untilGone(): Promise<ExitStatus> {
    const exit = await this.process.exited;
    if (this.#detach.signal.aborted) return exit;
    this.#ended = true;
    this.#settling?.();
    const failure = this.expected ? null : exitFailure(AGENT_NAME, exit, this.#lastWords.said());
    const lost = processGone(this.to, failure);
    await this.commit(lost);
    const { code, signal } = exit;
    this.#emit({ type: "exited", front: "remote", code, signal, expected: this.expected, ...(failure ? { failure } : {}) });
    this.#ready.reject(new Error(failure?.message ?? "OpenCode has ended"));
    this.#detach.abort();
    return exit;
  }
}

const idOf = (entry: unknown): string => text(fields(fields(entry)["info"])["id"]) ?? "";
