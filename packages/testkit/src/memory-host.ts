/**
 * The HostControl port over plain child processes of the test: same offsets, rings, releases and input ids as the real host, no sockets. It
 * lives as long as the test wants, so a driver can be dropped and another one can adopt what still runs. `close` ends everything it started.
 */
import {
  RingGapError,
  type Chunk,
  type Display,
  type ExitStatus,
  type HostControl,
  type HostEvents,
  type HostProcess,
  type SpawnSpec,
  type StreamName,
  type ViewerInfo,
} from "@hapi/host";
import { openPty, spawnPiped } from "@hapi/platform";
import { AppError } from "@hapi/protocol";

const RING_BYTES = 4 * 1024 * 1024;

export interface MemoryHost extends HostControl {
  readonly display: Display;
  /** Everything drawn since the last reset. */
  readonly drawn: string;
  /** As if a viewer did it. */
  viewerInput(bytes: string, viewerId?: string): void;
  viewerTyped(at: number): void;
  setViewers(viewers: readonly ViewerInfo[]): void;
  /** Set by `shutdown`. */
  readonly ended: { exitCode: number; message?: string } | null;
  close(): Promise<void>;
}

interface Program {
  readonly pid: number;
  readonly exited: Promise<ExitStatus>;
  write(bytes: Uint8Array): Promise<void>;
  closeInput(): Promise<void>;
  resize(cols: number, rows: number): void;
  signal(name: NodeJS.Signals): void;
}

export function createMemoryHost(options: { sessionId?: string } = {}): MemoryHost {
  const processes = new Map<string, HostProcess>();
  const listeners: { [E in keyof HostEvents]: Set<HostEvents[E]> } = {
    viewerInput: new Set(),
    viewerTyped: new Set(),
    viewers: new Set(),
    lost: new Set(),
  };
  let viewers: readonly ViewerInfo[] = [];
  let display: Display = { kind: "controller" };
  let drawn = "";
  let ended: MemoryHost["ended"] = null;

  return {
    sessionId: options.sessionId ?? "test-session",
    hostPid: process.pid,
    spawn(spec) {
      const known = processes.get(spec.launchId);
      if (known) return Promise.resolve(known);
      const started = startProcess(spec);
      processes.set(spec.launchId, started);
      return Promise.resolve(started);
    },
    processes: () => [...processes.values()],
    process: (launchId) => processes.get(launchId),
    setDisplay(next) {
      display = next;
      return Promise.resolve();
    },
    draw(text, { reset = false } = {}) {
      drawn = reset ? text : drawn + text;
      return Promise.resolve();
    },
    viewers: () => viewers,
    on(event, listener) {
      const set = listeners[event];
      set.add(listener);
      return () => void set.delete(listener);
    },
    shutdown(how) {
      ended = how;
      return Promise.resolve();
    },
    get display() {
      return display;
    },
    get drawn() {
      return drawn;
    },
    get ended() {
      return ended;
    },
    viewerInput(text, viewerId = "viewer-1") {
      const bytes = new TextEncoder().encode(text);
      for (const listener of listeners.viewerInput) listener({ viewerId, bytes });
    },
    viewerTyped(at) {
      for (const listener of listeners.viewerTyped) listener(at);
    },
    setViewers(next) {
      viewers = next;
      for (const listener of listeners.viewers) listener(next);
    },
    async close() {
      await Promise.all(
        [...processes.values()].map(async (one) => {
          await one.signal("SIGKILL");
          await one.exited;
        }),
      );
    },
  };
}

function startProcess(spec: SpawnSpec): HostProcess {
  const out = createRing(spec.ringBytes ?? RING_BYTES, spec.kind === "pipe");
  const err = createRing(spec.ringBytes ?? RING_BYTES, false);
  const program = spec.kind === "pty" ? onTerminal(spec, out) : onPipes(spec, out, err);
  const rings = { out, err };
  let lastInput = 0;
  let gone = false;
  const exited = program.exited.then((exit) => {
    gone = true;
    out.end();
    err.end();
    return exit;
  });
  return {
    launchId: spec.launchId,
    kind: spec.kind,
    pid: program.pid,
    startedAt: Date.now(),
    exited,
    read: (stream, fromOffset, signal) => rings[stream].read(fromOffset, signal),
    release: (stream: StreamName, offset) => rings[stream].release(offset),
    async write(bytes, inputId) {
      if (inputId !== undefined && inputId <= lastInput) return;
      if (gone) throw new AppError("agent_exited");
      if (inputId !== undefined) lastInput = inputId;
      await program.write(typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes);
    },
    lastInputId: () => Promise.resolve(lastInput),
    closeInput: () => program.closeInput(),
    resize(cols, rows) {
      program.resize(cols, rows);
      return Promise.resolve();
    },
    signal(name) {
      if (!gone) program.signal(name);
      return Promise.resolve();
    },
  };
}

function onTerminal(spec: SpawnSpec, out: Ring): Program {
  const { argv, cwd, env, cols = 80, rows = 24 } = spec;
  const pty = openPty({ argv, cwd, env, cols, rows, onData: (bytes) => out.append(bytes.slice()) });
  return {
    pid: pty.pid,
    exited: pty.exited,
    write: (bytes) => pty.write(bytes),
    closeInput: () => Promise.resolve(),
    resize: (cols, rows) => pty.resize(cols, rows),
    signal: (name) => pty.signal(name),
  };
}

function onPipes(spec: SpawnSpec, out: Ring, err: Ring): Program {
  const child = spawnPiped(spec.argv, { cwd: spec.cwd, env: spec.env, ownGroup: true });
  const drained = Promise.all([drain(child.stdout, out), drain(child.stderr, err)]);
  return {
    pid: child.pid,
    exited: Promise.all([child.exited, drained]).then(([exit]) => exit),
    write: (bytes) => child.write(bytes),
    closeInput: () => child.closeInput(),
    resize: () => undefined,
    signal: (name) => child.signal(name),
  };
}

async function drain(stream: ReadableStream<Uint8Array>, ring: Ring): Promise<void> {
  for await (const bytes of stream) {
    await ring.room();
    ring.append(bytes);
  }
}

interface Ring {
  append(bytes: Uint8Array): void;
  /** Resolves when there is room; at once for a ring that forgets. */
  room(): Promise<void>;
  release(offset: number): void;
  read(from: number, signal?: AbortSignal): AsyncGenerator<Chunk>;
  end(): void;
}

function createRing(capacity: number, waits: boolean): Ring {
  let chunks: Chunk[] = [];
  let start = 0;
  let end = 0;
  let over = false;
  let changed = Promise.withResolvers<void>();
  const change = () => {
    changed.resolve();
    changed = Promise.withResolvers();
  };
  const forgetBefore = (offset: number) => {
    start = Math.max(start, Math.min(offset, end));
    chunks = chunks.filter((chunk) => chunk.offset + chunk.bytes.length > start);
  };
  return {
    append(bytes) {
      chunks.push({ offset: end, bytes });
      end += bytes.length;
      if (!waits && end - start > capacity) forgetBefore(end - capacity);
      change();
    },
    async room() {
      while (waits && end - start >= capacity) await changed.promise;
    },
    release(offset) {
      forgetBefore(offset);
      change();
    },
    end() {
      over = true;
      change();
    },
    async *read(from, signal) {
      const aborted = new Promise<void>((resolve) => signal?.addEventListener("abort", () => resolve(), { once: true }));
      for (let at = from; ;) {
        signal?.throwIfAborted();
        if (at < start) throw new RingGapError(start);
        const found = chunks.find((chunk) => chunk.offset + chunk.bytes.length > at);
        if (found) {
          const bytes = found.bytes.subarray(at - found.offset);
          yield { offset: at, bytes };
          at += bytes.length;
        } else if (over) return;
        else await Promise.race([changed.promise, aborted]);
      }
    },
  };
}
