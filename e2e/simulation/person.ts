/**
 * A person with a device: the real outbox, event stream and sync engine over the world's wires. The app can be killed; what it had stored is there
 * when it is opened again.
 */
import {
  createHubApi,
  createOutbox,
  createSyncEngine,
  type HubApi,
  type KeyValueStorage,
  type Outbox,
  type OutboxEntry,
  type SyncEngine,
} from "@hapi/client";
import { AppError, type PromptStage, type SyncEvent } from "@hapi/protocol";
import { TOKEN } from "./hub-process.ts";
import type { Network, Wire } from "./network.ts";
import type { Chance } from "./random.ts";
import { HUB_URL } from "./session-process.ts";
import type { Life, VirtualTime } from "./time.ts";

export interface Prompt {
  localId: string;
  text: string;
  scheduled: boolean;
  /** It was on the device. */
  stored: boolean;
  /** The person wanted it back. `taken` when the device or the hub said that it was. */
  cancel?: "wanted" | "taken";
  /** The person wanted it in the turn that ran. */
  steered: boolean;
  /** Sent again because its fate was unknown. */
  again: number;
  /** On its way to a hub that lost power: the session may have it from there, and this device sends it again. */
  retaken: boolean;
}

export interface Person {
  readonly name: string;
  readonly prompts: readonly Prompt[];
  readonly api: HubApi;
  readonly sync: SyncEngine;
  readonly wire: Wire;
  readonly isOpen: boolean;
  /** On the device and not with the hub. */
  readonly unsent: number;
  readonly stages: Map<string, PromptStage[]>;
  send(text: string, scheduledInMs?: number): Promise<void>;
  cancelLast(): Promise<void>;
  /** The last prompt, if it waits, is to go into the turn that runs. */
  steerLast(): void;
  /** What runs, and what the agent was given and has not begun. `met`: what there is now may be met by it. */
  stopTurn(met: () => void): void;
  /** Answers whatever is open, as it is shown. */
  answerOpen(): void;
  sendUnknownAgain(): void;
  /** What is not acknowledged may be with the session, and gone from the hub. */
  hubLostPower(): void;
  open(): Promise<void>;
  kill(): void;
  close(): Promise<void>;
}

export interface PersonOptions {
  name: string;
  sessionId: string;
  time: VirtualTime;
  network: Network;
  chance: Chance;
}

export function createPerson({ name, sessionId, time, network, chance }: PersonOptions): Person {
  const stored = new Map<string, OutboxEntry>();
  const cached = new Map<string, unknown>();
  const prompts: Prompt[] = [];
  const stages = new Map<string, PromptStage[]>();
  let app: { life: Life; wire: Wire; api: HubApi; outbox: Outbox; sync: SyncEngine } | null = null;

  /** What is written survives; whether the app hears of it is another matter. */
  const storing = async (life: Life, write: () => void): Promise<void> => {
    await life.wait(chance.between(0, 5));
    write();
    await life.wait(chance.between(0, 2));
  };
  const keyValues = (life: Life): KeyValueStorage => ({
    async get(key) {
      await life.wait(1);
      return structuredClone(cached.get(key));
    },
    set: (key, value) => storing(life, () => void cached.set(key, structuredClone(value))),
    delete: (key) => storing(life, () => void cached.delete(key)),
  });

  function hear(event: SyncEvent): void {
    if (event.type !== "message-stage") return;
    stages.set(event.localId, [...(stages.get(event.localId) ?? []), event.stage]);
  }

  const running = () => {
    if (!app) throw new AppError("not_ready", "The app is closed");
    return app;
  };
  /** Refusals and lost answers are the person's to see, and not to fail the world. */
  const quietly = (work: Promise<unknown>): void => void work.catch((cause: unknown) => cause);

  const person: Person = {
    name,
    prompts,
    hubLostPower() {
      for (const prompt of prompts) if (stored.has(prompt.localId)) prompt.retaken = true;
    },
    stages,
    get api() {
      return running().api;
    },
    get sync() {
      return running().sync;
    },
    get wire() {
      return running().wire;
    },
    get isOpen() {
      return app !== null;
    },
    get unsent() {
      return [...stored.values()].filter((entry) => entry.state === "sending").length;
    },
    async open() {
      if (app) return;
      const life = time.life();
      const wire = network.wire(name, life);
      const api = createHubApi({ baseUrl: HUB_URL, accessToken: () => TOKEN, fetch: wire.fetch, clock: life.clock });
      const random = chance.fork("jitter").next;
      const outbox = createOutbox({
        storage: {
          list: async () => [...stored.values()],
          put: (entry) =>
            storing(life, () => {
              stored.set(entry.localId, structuredClone(entry));
              const prompt = prompts.find((one) => one.localId === entry.localId);
              if (prompt) prompt.stored = true;
            }),
          delete: (localId) => storing(life, () => void stored.delete(localId)),
        },
        send: (id, body, signal) => api.messages.send(id, body, signal),
        newId: () => {
          throw new AppError("internal", "Ids are the world's");
        },
        clock: life.clock,
        random,
      });
      let isLooking = false;
      const sync: SyncEngine = createSyncEngine({
        api,
        onChange(state) {
          time.touch();
          if (isLooking || !state.summaries[sessionId]) return;
          isLooking = true;
          sync.openSession(sessionId);
        },
        onEvent: hear,
        storage: keyValues(life),
        clock: life.clock,
        random,
        pageSize: 20,
      });
      app = { life, wire, api, outbox, sync };
      await outbox.start();
      void sync.start();
    },
    async send(text, scheduledInMs) {
      const localId = `${name}-${prompts.length + 1}`;
      const entry: Prompt = {
        localId,
        text,
        scheduled: scheduledInMs !== undefined,
        stored: false,
        steered: false,
        again: 0,
        retaken: false,
      };
      prompts.push(entry);
      const scheduledAt = scheduledInMs === undefined ? {} : { scheduledAt: time.now + scheduledInMs };
      quietly(running().outbox.add({ sessionId, text, localId, ...scheduledAt }));
      await Promise.resolve();
    },
    async cancelLast() {
      const prompt = prompts.findLast((one) => one.cancel === undefined);
      if (!prompt) return;
      prompt.cancel = "wanted";
      const { outbox, api, life } = running();
      try {
        await outbox.cancel(prompt.localId);
        // Also when the device gave it back: one that was on its way may have arrived.
        const result = await api.messages.cancel(sessionId, prompt.localId);
        if (life.alive && result.status === "cancelled") prompt.cancel = "taken";
      } catch (cause) {
        if (cause instanceof AppError && life.alive && cause.code === "message_not_found" && !stored.has(prompt.localId)) return;
        if (!(cause instanceof AppError)) throw cause;
      }
    },
    steerLast() {
      if (!app) return;
      const { sync, api } = app;
      const prompt = prompts.at(-1);
      const row = sync.state.windows[sessionId]?.queued.find(({ localId }) => localId === prompt?.localId);
      if (!prompt || !row || prompt.scheduled) return;
      prompt.steered = true;
      quietly(api.messages.steer(sessionId, prompt.localId));
    },
    stopTurn(met) {
      if (!app) return;
      met();
      quietly(app.api.sessions.abort(sessionId).finally(met));
    },
    answerOpen() {
      if (!app) return;
      const { sync, api } = app;
      for (const id of Object.keys(sync.state.sessions[sessionId]?.agentState?.requests ?? {})) {
        if (chance.is(0.7)) quietly(api.permissions.approve(sessionId, id));
        else quietly(api.permissions.deny(sessionId, id, { reason: "no" }));
      }
    },
    sendUnknownAgain() {
      if (!app) return;
      const { sync, api } = app;
      for (const row of sync.state.windows[sessionId]?.queued ?? []) {
        const prompt = prompts.find((one) => one.localId === row.localId);
        if (!prompt || row.stage !== "unknown" || prompt.again > 0) continue;
        prompt.again++;
        quietly(api.messages.retry(sessionId, prompt.localId));
      }
    },
    kill() {
      if (!app) return;
      app.life.end();
      app.wire.drop();
      app = null;
    },
    async close() {
      if (!app) return;
      app.outbox.stop();
      const stopping = app.sync.stop();
      person.kill();
      await Promise.race([stopping, time.settle()]);
    },
  };
  return person;
}
