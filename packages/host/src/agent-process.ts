/**
 * One program under the host: its streams in rings, its input in order. It goes on whether anybody listens or not, and not without the host. A
 * PTY's ring forgets, a pipe's stdout waits for its reader, stderr forgets (an unread log must not stop an agent).
 */
import { boundToUs, type Clock, every, openPty, spawnPiped, type PipedProcess, type Pty } from "@hapi/platform/lean";
import { AppError } from "@hapi/protocol/errors";
import { InputQueue } from "./input-queue.ts";
import type { ProcessFacts } from "./messages.ts";
import { ModeTracker } from "./modes.ts";
import type { ExitStatus, SpawnSpec, StreamName } from "./port.ts";
import { ByteRing } from "./ring.ts";

const stderrRingBytes = 256 << 10;
/** After its end, something the program left behind may hold its pipes open: silence of this length counts as their end. */
const drainMs = 500;

export interface StreamState {
  readonly ring: ByteRing;
  ended: boolean;
}

export interface AgentProcessEvents {
  output(process: AgentProcess, stream: StreamName): void;
  /** A stream has ended or the program has exited. */
  changed(process: AgentProcess): void;
}

export class AgentProcess {
  readonly number: number;
  readonly spec: SpawnSpec;
  readonly out: StreamState;
  readonly err: StreamState;
  readonly modes: ModeTracker | null;
  readonly input: InputQueue;
  readonly startedAt: number;
  exit: ExitStatus | null = null;
  size: { cols: number; rows: number };
  /** The size was another one earlier: old output may not fit the screen of now. */
  wasResized = false;
  readonly #clock: Clock;
  readonly #events: AgentProcessEvents;
  readonly #handle: Pty | PipedProcess;
  #roomFreed: (() => void) | null = null;
  #lastDataAt = 0;

  constructor(number: number, spec: SpawnSpec, clock: Clock, events: AgentProcessEvents) {
    this.number = number;
    this.#clock = clock;
    this.spec = spec;
    this.startedAt = clock.now();
    this.size = { cols: spec.cols ?? 80, rows: spec.rows ?? 24 };
    this.#events = events;
    const isPty = spec.kind === "pty";
    this.out = { ring: new ByteRing(isPty ? "forget" : "wait", spec.ringBytes ?? 4 << 20), ended: false };
    this.err = { ring: new ByteRing("forget", stderrRingBytes), ended: isPty };
    this.modes = isPty ? new ModeTracker() : null;
    const handle = isPty ? this.#startPty() : this.#startPiped();
    this.#handle = handle;
    this.input = new InputQueue((bytes) => handle.write(bytes));
  }

  get pid(): number {
    return this.#handle.pid;
  }

  get facts(): ProcessFacts {
    const { launchId, kind } = this.spec;
    const { pid, startTime } = this.#handle;
    return { number: this.number, launchId, kind, pid, startTime, startedAt: this.startedAt, exit: this.exit };
  }

  stream(name: StreamName): StreamState {
    return name === "out" ? this.out : this.err;
  }

  release(stream: StreamName, offset: number): void {
    const { ring } = this.stream(stream);
    // A forgetting ring keeps what it can for the next reader.
    if (ring.mode === "forget") return;
    ring.release(offset);
    this.#roomFreed?.();
  }

  /** True when it is another size now: the program is told, and draws again. */
  resize(cols: number, rows: number): boolean {
    if (!("resize" in this.#handle) || this.exit) return false;
    if (cols === this.size.cols && rows === this.size.rows) return false;
    this.size = { cols, rows };
    this.wasResized ||= this.out.ring.end > 0;
    this.#handle.resize(cols, rows);
    return true;
  }

  async closeInput(): Promise<void> {
    const handle = this.#handle;
    // On a terminal the end of input is a key.
    if ("closeInput" in handle) await this.input.close(() => handle.closeInput());
    else await this.input.write(new Uint8Array([4]));
  }

  signal(name: NodeJS.Signals): void {
    if (!this.exit) this.#handle.signal(name);
  }

  #startPty(): Pty {
    const { argv, cwd, env } = this.spec;
    const pty = openPty({
      argv: boundToUs(argv, { cwd, env }),
      cwd,
      env,
      ...this.size,
      onData: (bytes) => {
        this.modes?.feed(bytes);
        this.out.ring.append(bytes);
        this.#events.output(this, "out");
      },
    });
    void pty.exited.then((exit) => this.#onExit(exit, true));
    return pty;
  }

  #startPiped(): PipedProcess {
    const { argv, cwd, env } = this.spec;
    const child = spawnPiped(boundToUs(argv, { cwd, env }), { cwd, env, ownGroup: true });
    void this.#pump("out", child.stdout, child.exited);
    void this.#pump("err", child.stderr, child.exited);
    void child.exited.then((exit) => this.#onExit(exit, false));
    return child;
  }

  async #pump(name: StreamName, source: ReadableStream<Uint8Array>, exited: Promise<unknown>): Promise<void> {
    const state = this.stream(name);
    const reader = source.getReader();
    let stopLooking: (() => void) | undefined;
    void exited.then(() => {
      this.#lastDataAt = this.#clock.now();
      const check = () => {
        if (!this.#roomFreed && this.#clock.now() - this.#lastDataAt >= drainMs) void reader.cancel().catch(() => undefined);
      };
      if (!state.ended) stopLooking = every(this.#clock, drainMs / 2, check);
    });
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        this.#lastDataAt = this.#clock.now();
        state.ring.append(value);
        this.#events.output(this, name);
        while (state.ring.mode === "wait" && state.ring.isFull) await this.#room();
      }
    } finally {
      stopLooking?.();
      state.ended = true;
      this.#events.changed(this);
    }
  }

  async #room(): Promise<void> {
    await new Promise<void>((resolve) => (this.#roomFreed = resolve));
    this.#roomFreed = null;
  }

  #onExit(exit: ExitStatus, isPty: boolean): void {
    this.exit = exit;
    if (isPty) this.out.ended = true;
    this.input.fail(new AppError("agent_exited", `${this.spec.argv[0]} has ended`));
    this.#events.changed(this);
  }
}
