/** The session process's picture of one program under the host. */
import { ignore } from "@hapi/platform/lean";
import type { ControlConnection } from "./control-connection.ts";
import type { ProcessFacts } from "./messages.ts";
import type { Chunk, ExitStatus, HostProcess, StreamName } from "./port.ts";

/** A reading in progress: chunks that have come and not been taken yet. The host's window bounds them. */
export class Reading {
  readonly process: number;
  readonly stream: StreamName;
  /** Offset of the next byte to come from the host. */
  next: number;
  #chunks: Chunk[] = [];
  #end: { cause: unknown } | null = null;
  #wake: (() => void) | null = null;

  constructor(process: number, stream: StreamName, offset: number) {
    this.process = process;
    this.stream = stream;
    this.next = offset;
  }

  push(offset: number, bytes: Uint8Array): void {
    // After a reconnect the host begins where we were; anything else would be a repeat.
    if (offset !== this.next || this.#end) return;
    this.next = offset + bytes.length;
    this.#chunks.push({ offset, bytes });
    this.#wake?.();
  }

  /** `undefined`: the regular end. What has come is still handed out. */
  finish(cause: unknown): void {
    this.#end ??= { cause };
    this.#wake?.();
  }

  async take(): Promise<Chunk | null> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk) return chunk;
      if (this.#end?.cause !== undefined) throw this.#end.cause;
      if (this.#end) return null;
      await new Promise<void>((resolve) => (this.#wake = resolve));
      this.#wake = null;
    }
  }
}

export interface Readings {
  add(reading: Reading): number;
  remove(id: number): void;
}

export class ControlProcess implements HostProcess {
  facts: ProcessFacts;
  readonly exited: Promise<ExitStatus>;
  readonly #connection: ControlConnection;
  readonly #readings: Readings;
  readonly #exit = Promise.withResolvers<ExitStatus>();

  constructor(facts: ProcessFacts, connection: ControlConnection, readings: Readings) {
    this.facts = facts;
    this.#connection = connection;
    this.#readings = readings;
    this.exited = this.#exit.promise;
    // Nobody has to wait for it.
    ignore(this.exited, "a waiter gets the failure itself");
    this.update(facts);
  }

  get launchId(): string {
    return this.facts.launchId;
  }

  get kind(): "pty" | "pipe" {
    return this.facts.kind;
  }

  get pid(): number {
    return this.facts.pid;
  }

  get startedAt(): number {
    return this.facts.startedAt;
  }

  /** Its host is gone: how it ended will never be known. */
  lose(cause: unknown): void {
    this.#exit.reject(cause);
  }

  update(facts: ProcessFacts): void {
    this.facts = facts;
    if (facts.exit) this.#exit.resolve(facts.exit);
  }

  async *read(stream: StreamName, fromOffset: number, signal?: AbortSignal): AsyncIterable<Chunk> {
    if (signal?.aborted) return;
    const reading = new Reading(this.facts.number, stream, fromOffset);
    const read = this.#readings.add(reading);
    const onAbort = () => reading.finish(undefined);
    signal?.addEventListener("abort", onAbort, { once: true });
    this.start(read, reading);
    try {
      for (let chunk = await reading.take(); chunk; chunk = await reading.take()) {
        if (signal?.aborted) return;
        yield chunk;
        // Asked for more: this one is consumed.
        this.#connection.tell("took", { read, offset: chunk.offset + chunk.bytes.length });
      }
    } finally {
      signal?.removeEventListener("abort", onAbort);
      this.#readings.remove(read);
      this.#connection.tell("unread", { read });
    }
  }

  release(stream: StreamName, offset: number): void {
    this.#connection.tell("release", { process: this.facts.number, stream, offset });
  }

  async write(bytes: Uint8Array | string, inputId?: number): Promise<void> {
    await this.#connection.input(this.facts.number, typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes, inputId);
  }

  async lastInputId(): Promise<number> {
    return Number((await this.#request("lastInput", {}))["inputId"]);
  }

  async closeInput(): Promise<void> {
    await this.#request("closeInput", {});
  }

  async resize(cols: number, rows: number): Promise<void> {
    await this.#request("resize", { cols, rows });
  }

  async signal(name: "SIGINT" | "SIGTERM" | "SIGKILL" | "SIGHUP" | "SIGCONT" | "SIGWINCH"): Promise<void> {
    // Twice may mean something else than once.
    await this.#connection.request("signal", { process: this.facts.number, name }, false);
  }

  #request(op: string, fields: Record<string, unknown>): Promise<Record<string, unknown>> {
    return this.#connection.request(op, { process: this.facts.number, ...fields }, true);
  }

  /** Also called after a reconnect, then from where the reading is. */
  start(read: number, reading: Reading): void {
    const { process, stream, next } = reading;
    this.#connection.request("read", { read, process, stream, offset: next }, false).catch((cause: unknown) => {
      // A broken connection starts it again; see `HostControl`.
      if (this.#connection.isOver || !isBreak(cause)) reading.finish(cause);
    });
  }
}

function isBreak(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && cause.code === "host_gone";
}
