/**
 * A host in memory: it keeps the output of the program it runs in a ring, drops a write it has seen, and can die at any moment. Which program that is
 * comes from outside (`program.ts`).
 */
import { RingGapError, type Chunk, type ExitStatus, type HostControl, type HostProcess, type SpawnSpec } from "@hapi/host";
import { AppError } from "@hapi/protocol";
import type { Program, ProgramMaker } from "./program.ts";
import type { Chance } from "./random.ts";
import { createScreen, type SimScreen } from "./screen.ts";
import type { Life, VirtualTime } from "./time.ts";

/** One host's life. */
export interface SimHost {
  readonly number: number;
  readonly alive: boolean;
  /** The port as one session process has it; a killed one has none. */
  control(life: Life): HostControl;
  /** The program that runs. */
  readonly running: SimProcess | undefined;
  /** The people who look at it. */
  readonly screen: SimScreen;
  killAgent(): boolean;
  die(): void;
  readonly ended: boolean;
}

export interface SimHostOptions {
  sessionId: string;
  number: number;
  time: VirtualTime;
  chance: Chance;
  program: ProgramMaker;
  /** Planted. */
  forgetsInputs: boolean;
}

export function createSimHost(options: SimHostOptions): SimHost {
  const { sessionId, number, time, chance } = options;
  const processes = new Map<string, SimProcess>();
  let alive = true;
  let ended = false;
  const running = (): SimProcess | undefined => [...processes.values()].find((process) => !process.isGone);
  const screen = createScreen({
    time,
    chance: chance.fork("screen"),
    input(launchId, keys) {
      const process = processes.get(launchId);
      if (!alive || !process || process.isGone) return false;
      process.input(keys, undefined);
      return true;
    },
  });

  function control(life: Life): HostControl {
    const reachable = (): boolean => alive && life.alive;
    const never = <T>(): Promise<T> => new Promise<T>(() => undefined);
    const facades = new Map<string, HostProcess>();
    const facade = (process: SimProcess): HostProcess => {
      const known = facades.get(process.launchId);
      if (known) return known;
      const exited = new Promise<ExitStatus>((resolve) => void process.exited.then((exit) => life.alive && resolve(exit)));
      let arrivesAt = 0;
      const made: HostProcess = {
        launchId: process.launchId,
        kind: process.kind,
        pid: process.pid,
        startedAt: 0,
        exited,
        read: (stream, from, signal) => process.read(stream, from, signal, life),
        release: (stream, offset) => {
          if (reachable() && stream === "out") process.release(offset);
        },
        async write(bytes, inputId) {
          if (!reachable()) return never();
          const text = typeof bytes === "string" ? bytes : new TextDecoder().decode(bytes);
          // What a killed process had put into the socket arrives, or does not.
          const arrives = chance.is(0.5);
          // One behind the other, as in a socket.
          arrivesAt = Math.max(arrivesAt, time.now + chance.between(0, 3));
          await new Promise<void>((resolve) =>
            time.after(arrivesAt - time.now, () => {
              if (alive && (life.alive || arrives)) process.input(text, inputId);
              resolve();
            }),
          );
          if (!reachable()) return never();
          await life.wait(chance.between(0, 3));
          if (process.isGone) throw new AppError("agent_exited", "The program has ended");
        },
        lastInputId: async () => {
          if (!reachable()) return never();
          await life.wait(chance.between(0, 3));
          if (!reachable()) return never();
          return options.forgetsInputs ? 0 : process.lastInput;
        },
        closeInput: () => (reachable() ? Promise.resolve(process.program.closeInput()) : never()),
        resize: () => Promise.resolve(),
        signal: (name) => (reachable() ? Promise.resolve(process.program.signal(name)) : never()),
      };
      facades.set(process.launchId, made);
      return made;
    };
    return {
      sessionId,
      hostPid: 10_000 + number,
      async spawn(spec) {
        if (!reachable()) return never();
        await life.wait(chance.between(0, 5));
        if (!reachable()) return never();
        const known = processes.get(spec.launchId);
        if (known) return facade(known);
        const started = createProcess({ ...spec, pid: 20_000 + number * 100 + processes.size }, options);
        processes.set(spec.launchId, started);
        return facade(started);
      },
      processes: () => (reachable() ? [...processes.values()].map(facade) : []),
      process(launchId) {
        const found = processes.get(launchId);
        return found && reachable() ? facade(found) : undefined;
      },
      setDisplay(display) {
        if (!reachable()) return never();
        screen.show(display);
        return Promise.resolve();
      },
      draw: () => (reachable() ? Promise.resolve() : never()),
      viewers: () => screen.viewers,
      on: (event, listener) => screen.listen(life, event, listener),
      shutdown() {
        if (!reachable()) return never();
        ended = true;
        for (const process of processes.values()) process.die("SIGKILL");
        alive = false;
        return Promise.resolve();
      },
    };
  }

  return {
    number,
    get alive() {
      return alive;
    },
    get ended() {
      return ended;
    },
    control,
    screen,
    get running() {
      return running();
    },
    killAgent() {
      const dying = running();
      dying?.die("SIGKILL");
      return dying !== undefined;
    },
    die() {
      if (!alive) return;
      for (const process of processes.values()) process.die("SIGKILL");
      alive = false;
    },
  };
}

export interface SimProcess {
  readonly program: Program;
  readonly kind: SpawnSpec["kind"];
  readonly launchId: string;
  readonly pid: number;
  readonly isGone: boolean;
  readonly exited: Promise<ExitStatus>;
  readonly lastInput: number;
  read(stream: "out" | "err", from: number, signal: AbortSignal | undefined, reader: Life): AsyncIterable<Chunk>;
  release(offset: number): void;
  input(text: string, inputId: number | undefined): void;
  die(signal: string | null): void;
}

function createProcess(start: Pick<SpawnSpec, "launchId" | "argv" | "kind"> & { pid: number }, options: SimHostOptions): SimProcess {
  const { time, chance } = options;
  const { launchId, kind, pid } = start;
  const exit = Promise.withResolvers<ExitStatus>();
  let ring = Buffer.alloc(0);
  let oldest = 0;
  let lastInput = 0;
  let gone = false;
  let changed = Promise.withResolvers<void>();
  const change = (): void => {
    time.touch();
    changed.resolve();
    changed = Promise.withResolvers();
  };
  let errors = Buffer.alloc(0);
  const exitWith = (status: ExitStatus): void => {
    if (gone) return;
    gone = true;
    program.gone();
    change();
    exit.resolve(status);
  };
  const program = options.program({
    ...start,
    host: options.number,
    write(text) {
      if (gone) return;
      ring = Buffer.concat([ring, Buffer.from(text)]);
      change();
    },
    complain(text) {
      if (gone) return;
      errors = Buffer.concat([errors, Buffer.from(text)]);
      change();
    },
    isGone: () => gone,
    exit: exitWith,
  });
  const die = (signal: string | null): void => exitWith({ code: signal ? null : 0, signal });

  return {
    program,
    kind,
    launchId,
    pid,
    get isGone() {
      return gone;
    },
    get lastInput() {
      return lastInput;
    },
    exited: exit.promise,
    async *read(stream, from, signal, reader) {
      for (let at = from; !signal?.aborted;) {
        if (!reader.alive) return void (await new Promise(() => undefined));
        if (stream === "out" && at < oldest) throw new RingGapError(oldest);
        const end = oldest + ring.length;
        if (stream === "err" && at < errors.length) {
          yield { offset: at, bytes: Uint8Array.from(errors.subarray(at)) };
          at = errors.length;
        } else if (stream === "out" && at < end) {
          const bytes = ring.subarray(at - oldest, (chance.is(0.1) ? Math.min(end, at + chance.between(1, 400)) : end) - oldest);
          yield { offset: at, bytes: Uint8Array.from(bytes) };
          at += bytes.length;
        } else if (gone) return;
        else await changed.promise;
      }
    },
    release(offset) {
      if (offset <= oldest) return;
      ring = ring.subarray(offset - oldest);
      oldest = offset;
    },
    input(text, inputId) {
      if (gone || (inputId !== undefined && inputId <= lastInput && !options.forgetsInputs)) return;
      lastInput = inputId ?? lastInput;
      program.hear(text);
    },
    die,
  };
}
