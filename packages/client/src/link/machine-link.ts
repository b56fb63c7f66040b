/** A runner's connection to its hub: registers the machine, says every twenty seconds that it is there, answers RPC, keeps the runner's state. */
import { AppError, type MachineMetadata, type RunnerState, toAppError, type VersionedAck } from "@hapi/protocol";
import { backoffMs, type Clock, type Random, systemClock, wait } from "../clock.ts";
import type { Fetch } from "../http.ts";
import { createCliRest, type HubAddress } from "./cli-rest.ts";
import { type ConnectionListeners, createConnection, type Dial, type RpcHandler } from "./connection.ts";
import { updateVersioned, type VersionedState } from "./versioned.ts";

/** The hub takes a machine for offline after 45 s. */
export const MACHINE_ALIVE_MS = 20_000;
const CONNECT_WAIT_MS = 5_000;
const REGISTER_BACKOFF = { baseMs: 1_000, maxMs: 30_000, jitterMs: 500 };

export interface MachineLinkOptions {
  hubUrl: HubAddress;
  token: string;
  machineId: string;
  metadata: MachineMetadata;
  runnerState?: RunnerState;
  /** Ends the attempts to register. */
  signal?: AbortSignal;
  clock?: Clock;
  random?: Random;
  fetch?: Fetch;
  extraHeaders?: Record<string, string>;
  log?: (event: string, fields?: Record<string, unknown>) => void;
  dial?: Dial;
}

/** How the line to the hub stands, for people. */
export interface LineState {
  connected: boolean;
  /** Of this state. */
  since: number;
  /** The hub's last word, where it turned us away. */
  refused: { code: string; message: string } | null;
}

export interface MachineLink {
  readonly connected: boolean;
  readonly line: LineState;
  handle(method: string, handler: RpcHandler): void;
  setHealth(read: () => Record<string, unknown>): void;
  updateRunnerState(next: (current: RunnerState | null) => RunnerState): Promise<void>;
  updateMetadata(next: (current: MachineMetadata | null) => MachineMetadata): Promise<void>;
  on<E extends keyof ConnectionListeners>(event: E, listener: ConnectionListeners[E]): () => void;
  close(): Promise<void>;
}

/** Registers until it works (a hub that is away is waited for; a refusal is thrown), then opens the socket. */
export async function connectMachine(options: MachineLinkOptions): Promise<MachineLink> {
  const { machineId, clock = systemClock, random = Math.random } = options;
  const log = options.log ?? (() => undefined);
  const rest = createCliRest({ ...options, clock });

  async function register() {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await rest.createMachine({ id: machineId, metadata: options.metadata, runnerState: options.runnerState }, options.signal);
      } catch (cause) {
        if (options.signal?.aborted) throw cause;
        const error = toAppError(cause);
        if (!error.retryable) throw error;
        log("link.register_failed", { attempt, code: error.code });
        await wait(backoffMs(attempt, REGISTER_BACKOFF, random), clock, options.signal);
      }
    }
  }

  const machine = await register();
  const connection = createConnection({ ...options, clock, scope: { kind: "machine", id: machineId } });
  let runnerState: VersionedState<RunnerState> = { version: machine.runnerStateVersion, value: machine.runnerState };
  let metadata: VersionedState<MachineMetadata> = { version: machine.metadataVersion, value: machine.metadata };
  let readHealth: () => Record<string, unknown> = () => ({});
  let cancelAlive: (() => void) | undefined;
  /** Updates one after the other: each computes from what the one before left. */
  let tail: Promise<unknown> = Promise.resolve();

  function alive(): void {
    cancelAlive?.();
    connection.tell("machine-alive", { machineId, time: clock.now(), health: readHealth() });
    cancelAlive = clock.setTimer(MACHINE_ALIVE_MS, alive);
  }

  /** Waits a moment for a connection that is coming back. */
  function whenConnected(): Promise<void> {
    if (connection.connected) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const stop = [
        connection.on("connected", () => done(resolve)),
        connection.on("refused", (error) => done(() => reject(error))),
        clock.setTimer(CONNECT_WAIT_MS, () => done(() => reject(new AppError("hub_unreachable")))),
      ];
      const done = (settle: () => void): void => {
        for (const undo of stop) undo();
        settle();
      };
    });
  }

  function inOrder<T>(work: () => Promise<T>): Promise<T> {
    const result = tail.then(work, work);
    tail = result.catch(() => undefined);
    return result;
  }

  /** A hub that does not know this machine (restored from an older copy, or another one) gets it again, and hears everything anew. */
  async function registerAgain(): Promise<void> {
    const body = { id: machineId, metadata: metadata.value ?? options.metadata, runnerState: runnerState.value ?? options.runnerState };
    const made = await rest.createMachine(body, options.signal);
    runnerState = { version: made.runnerStateVersion, value: made.runnerState };
    metadata = { version: made.metadataVersion, value: made.metadata };
    connection.again();
  }

  let line: LineState = { connected: false, since: clock.now(), refused: null };
  connection.on("connected", () => (line = { connected: true, since: clock.now(), refused: null }));
  connection.on("disconnected", () => (line = { connected: false, since: clock.now(), refused: line.refused }));
  connection.on("refused", ({ code, message }) => {
    line = { connected: false, since: line.connected ? clock.now() : line.since, refused: { code, message } };
  });
  let registering: Promise<void> | null = null;
  connection.on("refused", (error) => {
    if (error.code !== "machine_not_found") return;
    registering ??= registerAgain()
      .catch((cause: unknown) => log("link.register_failed", { code: toAppError(cause).code }))
      .finally(() => (registering = null));
  });
  connection.on("connected", alive);
  connection.on("disconnected", () => cancelAlive?.());
  connection.on("update", (body) => {
    if (body.t !== "update-machine" || body.machineId !== machineId) return;
    if (body.metadata && body.metadata.version > metadata.version) {
      metadata = { version: body.metadata.version, value: body.metadata.value as MachineMetadata | null };
    }
    if (body.runnerState && body.runnerState.version > runnerState.version) {
      runnerState = { version: body.runnerState.version, value: body.runnerState.value as RunnerState | null };
    }
  });
  connection.open();

  return {
    get connected() {
      return connection.connected;
    },
    get line() {
      return line;
    },
    handle: connection.handle,
    setHealth(read) {
      readHealth = read;
    },
    updateRunnerState: (next) =>
      inOrder(async () => {
        await whenConnected();
        runnerState = await updateVersioned(runnerState, next, async (expectedVersion, value) => {
          const payload = { machineId, expectedVersion, runnerState: value };
          const ack = await connection.ask<VersionedAck<"runnerState">>("machine-update-state", payload);
          return ack.result === "error" ? ack : { ...ack, value: ack.runnerState as RunnerState | null };
        });
      }),
    updateMetadata: (next) =>
      inOrder(async () => {
        await whenConnected();
        metadata = await updateVersioned(metadata, next, async (expectedVersion, value) => {
          const payload = { machineId, expectedVersion, metadata: value };
          const ack = await connection.ask<VersionedAck<"metadata">>("machine-update-metadata", payload);
          return ack.result === "error" ? ack : { ...ack, value: ack.metadata as MachineMetadata | null };
        });
      }),
    on: connection.on,
    async close() {
      cancelAlive?.();
      connection.close();
    },
  };
}
