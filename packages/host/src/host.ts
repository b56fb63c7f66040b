/**
 * One session's host without its doors: the programs it runs, their viewers, and the session process it keeps alive. Everything a
 * connection may ask for is a method here. It ends only when told.
 */
import { killTree, releaseMemory, systemClock, within, type Clock, type ProcessId } from "@hapi/platform/lean";
import { AppError } from "@hapi/protocol/errors";
import { AgentProcess } from "./agent-process.ts";
import { protocolVersions, type HostEventMessage, type HostFacts } from "./messages.ts";
import type { Display, SpawnSpec, StreamName, TypedLine } from "./port.ts";
import { Supervisor } from "./supervisor.ts";
import { Viewers } from "./viewers.ts";

/** Exited programs whose last output is still there for a restarted session process. */
const maxExited = 8;
const maxRunning = 32;
const agentGraceMs = 2_000;
const sessionGraceMs = 5_000;
const farewellMs = 1_000;
const tidyAfterBytes = 256 << 10;

export interface HostOptions {
  sessionId: string;
  startTime: string | null;
  cwd: string;
  sessionArgv: readonly string[];
  sessionEnv: Readonly<Record<string, string | undefined>>;
  logFile: string;
  clock?: Clock;
  /** In the environment of every agent, so that it can be known as one of this host's. */
  mark?: Readonly<Record<string, string>>;
  /** Which agents run has changed. Before anything else hears of it. */
  onAgents?(running: readonly ProcessId[]): void;
  onEnd(): void;
}

/** The one who steers; told what happens. */
export interface Controller {
  event(message: HostEventMessage): void;
  viewerKeys(viewer: number, bytes: Uint8Array): void;
  output(process: AgentProcess, stream: StreamName): void;
  replaced(): void;
}

interface Typed {
  at: number;
  typed: TypedLine;
}

/** More lines nobody enters before the session process is there. */
const MAX_UNTOLD = 100;

export class Host {
  readonly viewers: Viewers;
  readonly supervisor: Supervisor;
  readonly clock: Clock;
  readonly #options: HostOptions;
  readonly #processes = new Map<string, AgentProcess>();
  readonly #startedAt: number;
  #controller: Controller | null = null;
  #nextNumber = 1;
  /** There was output since the last look. */
  #isBusy = false;
  #tidiedAtBytes = 0;
  #ending: Promise<void> | null = null;
  #onViewersGone: (() => void) | null = null;
  readonly #onExit = new Map<AgentProcess, () => void>();
  /** What was typed while no session process listened, each Enter once. */
  #untold: Typed[] = [];

  constructor(options: HostOptions) {
    this.#options = options;
    this.clock = options.clock ?? systemClock;
    this.#startedAt = this.clock.now();
    this.viewers = new Viewers(this.clock, {
      keys: (viewer, bytes) => this.#controller?.viewerKeys(viewer, bytes),
      typed: (at, typed) => this.#tellTyped({ at, typed }),
      changed: (viewers) => this.#controller?.event({ event: "viewers", viewers }),
    });
    this.supervisor = new Supervisor({
      argv: options.sessionArgv,
      cwd: options.cwd,
      env: options.sessionEnv,
      logFile: options.logFile,
      clock: this.clock,
      hasAgents: () => this.#running().length > 0,
      onGiveUp: (hint) => void this.end({ exitCode: 1, message: hint, askSession: false }),
    });
  }

  get facts(): HostFacts {
    return {
      version: protocolVersions[0],
      sessionId: this.#options.sessionId,
      pid: process.pid,
      startTime: this.#options.startTime,
      startedAt: this.#startedAt,
      processes: [...this.#processes.values()].map((one) => one.facts),
      viewers: this.viewers.infos,
      display: this.viewers.display,
      hasController: this.#controller !== null,
      session: this.supervisor.facts,
    };
  }

  /** The newest controller is the one: an older one is told and left. */
  takeControl(controller: Controller): void {
    this.#controller?.replaced();
    this.#controller = controller;
    this.supervisor.connected();
    const untold = this.#untold.splice(0);
    for (const one of untold) controller.event({ event: "typed", ...one });
    const now = this.viewers.typed;
    // Of a line that its predecessor heard entered it must not believe that it was entered just now.
    if (now) controller.event({ event: "typed", at: now.at, typed: untold.length > 0 ? now.typed : { ...now.typed, entered: null } });
  }

  #tellTyped(typed: Typed): void {
    if (this.#controller) return this.#controller.event({ event: "typed", ...typed });
    const isSameLine = this.#untold.at(-1)?.typed.entered?.at === typed.typed.entered?.at;
    this.#untold = [...(isSameLine ? this.#untold.slice(0, -1) : this.#untold), typed].slice(-MAX_UNTOLD);
  }

  leaveControl(controller: Controller): void {
    if (this.#controller !== controller) return;
    this.#controller = null;
    this.supervisor.disconnected();
  }

  /** Repeatable: an id that is known answers with its program, running or exited. */
  spawn(spec: SpawnSpec): AgentProcess {
    const known = this.#processes.get(spec.launchId);
    if (known) return known;
    if (this.#ending) throw new AppError("host_gone", "The session is ending");
    if (this.#running().length >= maxRunning) throw new AppError("spawn_failed", `A session may run ${maxRunning} programs at most`);
    const size = this.viewers.active;
    const env = { ...spec.env, ...this.#options.mark };
    const fitted = { ...spec, env, ...(size ? { cols: size.cols, rows: size.rows } : {}) };
    const started = new AgentProcess(this.#nextNumber++, fitted, this.clock, {
      output: (one, stream) => {
        this.#isBusy = true;
        if (stream === "out") this.viewers.output(one);
        this.#controller?.output(one, stream);
      },
      changed: (one) => this.#changed(one),
    });
    this.#processes.set(spec.launchId, started);
    this.#tellAgents();
    this.#forgetOld();
    this.#controller?.event({ event: "process", process: started.facts });
    return started;
  }

  /** Called now and then: after a burst of output its garbage goes back to the system. */
  tidy(): void {
    const bytes = [...this.#processes.values()].reduce((sum, one) => sum + one.out.ring.end + one.err.ring.end, 0);
    if (!this.#isBusy && bytes - this.#tidiedAtBytes > tidyAfterBytes) {
      this.#tidiedAtBytes = bytes;
      releaseMemory();
    }
    this.#isBusy = false;
  }

  process(number: number): AgentProcess {
    for (const one of this.#processes.values()) if (one.number === number) return one;
    throw new AppError("not_found", "The host knows no such process");
  }

  show(display: Display): void {
    if (display.kind === "controller") return this.viewers.show(null);
    const shown = this.#processes.get(display.launchId);
    if (!shown || shown.spec.kind !== "pty") throw new AppError("not_found", "There is no such terminal to show");
    this.viewers.show(shown);
  }

  /** Ends everything. Viewers get the code and the last line; the session process gets time to finish what it is doing. */
  end(options: { exitCode: number; message?: string; askSession: boolean }): Promise<void> {
    this.#ending ??= this.#end(options);
    return this.#ending;
  }

  async #end(options: { exitCode: number; message?: string; askSession: boolean }): Promise<void> {
    const sessionGone = this.supervisor.stop(sessionGraceMs, { ask: options.askSession });
    if (options.askSession) await sessionGone;
    await Promise.all(this.#running().map((one) => this.#endAgent(one)));
    this.viewers.flushAll();
    this.viewers.tell({ event: "exit", exitCode: options.exitCode, message: options.message });
    this.viewers.closeAll();
    await this.#farewell();
    await sessionGone;
    this.#options.onEnd();
  }

  async #endAgent(agent: AgentProcess): Promise<void> {
    const { pid, startTime } = agent.facts;
    const gone = Promise.withResolvers<void>();
    this.#onExit.set(agent, () => gone.resolve());
    // What its terminal's closing would say; interactive shells are deaf to SIGTERM.
    killTree({ pid, startTime }, agent.spec.kind === "pty" ? "SIGHUP" : "SIGTERM");
    const cancel = this.clock.setTimer(agentGraceMs, () => killTree({ pid, startTime }, "SIGKILL"));
    if (!agent.exit) await gone.promise;
    cancel();
  }

  /** Viewers take what they have been sent and leave; a stuck one is not waited for. */
  async #farewell(): Promise<void> {
    if (this.viewers.infos.length === 0) return;
    const left = Promise.withResolvers<void>();
    this.#onViewersGone = () => left.resolve();
    await within(this.clock, farewellMs, left.promise);
  }

  viewerLeft(): void {
    if (this.viewers.infos.length === 0) this.#onViewersGone?.();
  }

  #changed(agent: AgentProcess): void {
    if (this.viewers.process === agent) this.viewers.flushAll();
    this.#controller?.output(agent, "out");
    this.#controller?.output(agent, "err");
    if (!agent.exit) return;
    this.#tellAgents();
    this.#controller?.event({ event: "process", process: agent.facts });
    this.#onExit.get(agent)?.();
  }

  #tellAgents(): void {
    this.#options.onAgents?.(this.#running().map(({ facts }) => ({ pid: facts.pid, startTime: facts.startTime })));
  }

  #running(): AgentProcess[] {
    return [...this.#processes.values()].filter((one) => !one.exit);
  }

  #forgetOld(): void {
    const exited = [...this.#processes.values()].filter((one) => one.exit && one !== this.viewers.process);
    for (const one of exited.slice(0, Math.max(0, exited.length - maxExited))) {
      this.#processes.delete(one.spec.launchId);
      this.#controller?.event({ event: "forgotten", number: one.number });
    }
  }
}
