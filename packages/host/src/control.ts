/** `HostControl` over the host's socket: what a session process uses. */
import type { Clock } from "@hapi/platform/lean";
import { AppError } from "@hapi/protocol/errors";
import { ControlConnection } from "./control-connection.ts";
import { ControlProcess, Reading, type Readings } from "./control-process.ts";
import { decodeData, decodeJson, decodeViewerKeys, frameType, type Frame } from "./frames.ts";
import type { HostAddress } from "./host-files.ts";
import type { HostEventMessage, HostFacts, ProcessFacts } from "./messages.ts";
import {
  RingGapError,
  type Display,
  type HostControl,
  type HostEvents,
  type HostProcess,
  type SpawnSpec,
  type ViewerInfo,
} from "./port.ts";

/** Escapes take six bytes in JSON: a part must fit into a frame at its worst. */
const drawPartChars = 100_000;

/** Rejects with `host_gone`, `invalid_token` or `protocol_mismatch`. A broken connection heals by itself; `lost` means the host has died. */
export async function connectHost(address: HostAddress, options: { clock?: Clock } = {}): Promise<HostControl> {
  const control = new SocketHostControl(address, options.clock);
  await control.connect();
  return control;
}

const MAX_UNHEARD = 200;

type Listeners = { [E in keyof HostEvents]: Set<HostEvents[E]> };

class SocketHostControl implements HostControl, Readings {
  sessionId = "";
  hostPid = 0;
  readonly #connection: ControlConnection;
  readonly #processes = new Map<number, ControlProcess>();
  readonly #readings = new Map<number, Reading>();
  readonly #listeners: Listeners = { viewerInput: new Set(), viewerTyped: new Set(), viewers: new Set(), lost: new Set() };
  #viewers: readonly ViewerInfo[] = [];
  /** What was typed before anybody asked for it. */
  #unheard: Extract<HostEventMessage, { event: "typed" }>[] = [];
  #nextRead = 1;

  constructor(address: HostAddress, clock?: Clock) {
    const handlers = {
      connected: (facts: HostFacts) => this.#connected(facts),
      frame: (frame: Frame) => this.#take(frame),
      lost: () => this.#lost(),
    };
    this.#connection = new ControlConnection(address, handlers, clock);
  }

  async connect(): Promise<void> {
    await this.#connection.open();
  }

  async spawn(spec: SpawnSpec): Promise<HostProcess> {
    const fields = await this.#connection.request("spawn", { spec }, true);
    return this.#update(fields["process"] as ProcessFacts);
  }

  processes(): readonly HostProcess[] {
    return [...this.#processes.values()];
  }

  process(launchId: string): HostProcess | undefined {
    return this.processes().find((one) => one.launchId === launchId);
  }

  async setDisplay(display: Display): Promise<void> {
    await this.#connection.request("display", { display }, true);
  }

  async draw(text: string, options: { reset?: boolean } = {}): Promise<void> {
    for (let at = 0, reset = options.reset === true; at === 0 || at < text.length; reset = false) {
      const end = partEnd(text, at + drawPartChars);
      await this.#connection.request("draw", { text: text.slice(at, end), reset }, false);
      at = Math.max(end, 1);
    }
  }

  viewers(): readonly ViewerInfo[] {
    return this.#viewers;
  }

  on<E extends keyof HostEvents>(event: E, listener: HostEvents[E]): () => void {
    this.#listeners[event].add(listener);
    // Once whoever asks has its answer, as with everything that comes later.
    if (event === "viewerTyped") queueMicrotask(() => this.#tellUnheard());
    return () => void this.#listeners[event].delete(listener);
  }

  async shutdown(options: { exitCode: number; message?: string }): Promise<void> {
    await this.#connection.request("shutdown", { exitCode: options.exitCode, message: options.message }, true);
    // The host goes away now, as it was told: that is no loss.
    this.#connection.close();
    this.#endReadings(undefined);
  }

  add(reading: Reading): number {
    const read = this.#nextRead++;
    this.#readings.set(read, reading);
    return read;
  }

  remove(read: number): void {
    this.#readings.delete(read);
  }

  #connected(facts: HostFacts): void {
    this.sessionId = facts.sessionId;
    this.hostPid = facts.pid;
    for (const process of facts.processes) this.#update(process);
    this.#setViewers(facts.viewers);
    for (const [read, reading] of this.#readings) this.#processes.get(reading.process)?.start(read, reading);
  }

  #take(frame: Frame): void {
    if (frame.type === frameType.data) {
      const { read, offset, bytes } = decodeData(frame.payload);
      return this.#readings.get(read)?.push(offset, bytes.slice());
    }
    if (frame.type === frameType.viewerKeys) {
      const { viewer, bytes } = decodeViewerKeys(frame.payload);
      const copy = bytes.slice();
      for (const listener of this.#listeners.viewerInput) listener({ viewerId: String(viewer), bytes: copy });
      return;
    }
    // Frame types of a newer host are not for us.
    if (frame.type === frameType.event) this.#event(decodeJson(frame.payload) as unknown as HostEventMessage);
  }

  #event(message: HostEventMessage): void {
    switch (message.event) {
      case "process":
        return void this.#update(message.process);
      case "forgotten":
        return void this.#processes.delete(message.number);
      case "gap":
        return this.#readings.get(message.read)?.finish(new RingGapError(message.oldest));
      case "eof":
        return this.#readings.get(message.read)?.finish(undefined);
      case "viewers":
        return this.#setViewers(message.viewers);
      case "typed":
        if (this.#listeners.viewerTyped.size === 0) this.#unheard = [...this.#unheard, message].slice(-MAX_UNHEARD);
        for (const listener of this.#listeners.viewerTyped) listener(message.at, message.typed);
        return;
      case "replaced":
        return this.#connection.lose();
    }
  }

  #tellUnheard(): void {
    if (this.#listeners.viewerTyped.size === 0) return;
    for (const { at, typed } of this.#unheard.splice(0)) for (const listener of this.#listeners.viewerTyped) listener(at, typed);
  }

  #update(facts: ProcessFacts): ControlProcess {
    const known = this.#processes.get(facts.number);
    if (known) {
      known.update(facts);
      return known;
    }
    const created = new ControlProcess(facts, this.#connection, this);
    this.#processes.set(facts.number, created);
    return created;
  }

  #setViewers(viewers: readonly ViewerInfo[]): void {
    this.#viewers = viewers;
    for (const listener of this.#listeners.viewers) listener(viewers);
  }

  #lost(): void {
    const cause = new AppError("host_gone");
    this.#endReadings(cause);
    for (const process of this.#processes.values()) process.lose(cause);
    for (const listener of this.#listeners.lost) listener();
  }

  #endReadings(cause: AppError | undefined): void {
    for (const reading of this.#readings.values()) reading.finish(cause);
  }
}

/** Not between the halves of a character. */
function partEnd(text: string, at: number): number {
  if (at >= text.length) return text.length;
  const isHalf = (text.charCodeAt(at - 1) & 0xfc00) === 0xd800;
  return isHalf ? at - 1 : at;
}
