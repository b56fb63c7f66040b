/**
 * The machine of a world: its one session with host and session process, and a runner that knows how to start it. What is killed comes back as the
 * one who kills it says.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { DriverLog } from "@hapi/agents";
import { connectMachine, type MachineLink } from "@hapi/client/link";
import { leaveMark } from "@hapi/host";
import { createSession } from "@hapi/machine";
import { createSimHost, type SimHost } from "./host.ts";
import { TOKEN } from "./hub-process.ts";
import type { Network } from "./network.ts";
import type { Chance } from "./random.ts";
import type { SimAgent } from "./sim-agent.ts";
import { HUB_URL, type SessionPlants, type SessionProcess, type SessionProcessOptions, startSessionProcess } from "./session-process.ts";
import type { VirtualTime } from "./time.ts";

export const SESSION = "11111111-1111-4111-8111-111111111111";
const MACHINE = "machine-1";

export interface MachinePlants extends SessionPlants {
  /** The host writes again what it has written before, and does not remember that it did. */
  hostForgetsInputs?: boolean;
}

export interface SimMachine {
  readonly host: SimHost | null;
  readonly session: SessionProcess | null;
  /** What stood in hosts that died before anyone had read it. */
  readonly unheard: ReadonlySet<string>;
  launch(): void;
  /** Null: it does not come back by itself. */
  killSession(backAfterMs: number | null): void;
  killHost(backAfterMs: number, settles: boolean): void;
  /** Connects the runner, which knows only what waking a session needs. */
  startRunner(): void;
  /** A hook of the agent's is called, and waits for a session process as long as its host lives. Answers the name of this call. */
  hook(payload: Record<string, unknown>, call?: HookCall): string;
  stop(): Promise<void>;
}

/** How an agent calls a hook. */
export interface HookCall {
  /** Milliseconds until it is there. */
  afterMs?: number;
  /** It waits for what the session process says, however long that takes; `{}` when nobody is there any more. */
  answered?(answer: unknown): void;
  /** Its process is gone. */
  signal?: AbortSignal;
}

const SETTLE_AGAIN_MS = 20_000;
/** How often a hook tries again to reach a session process, and how long, as its bridge does. */
const HOOK_AGAIN_MS = 200;
const HOOK_MS = 20_000;
/** How long a hook that waits for an answer stays without a session process. */
const BRIDGE_MS = 30_000;

export interface SimMachineOptions {
  root: string;
  time: VirtualTime;
  network: Network;
  chance: Chance;
  agent: SimAgent;
  parkAfterMs: number;
  /** Which front end its session begins in. */
  startingMode: "local" | "remote";
  plants: MachinePlants;
  log: DriverLog;
  tell(what: string): void;
  /** Starts and ends of processes, one after the other. */
  inTurn(work: () => Promise<unknown>): void;
}

export function createSimMachine(options: SimMachineOptions): SimMachine {
  const { root, time, network, chance, agent, parkAfterMs, startingMode, plants, log, tell, inTurn } = options;
  const cwd = join(root, "work");
  mkdirSync(cwd);
  const home = join(root, "home");
  const { dir } = createSession({
    home,
    flavor: agent.flavor,
    cwd,
    machineId: MACHINE,
    hubUrl: HUB_URL,
    startedBy: startingMode === "local" ? "terminal" : "runner",
    startingMode,
    sessionId: SESSION,
    now: time.now,
  });
  const unheard = new Set<string>();
  const runner = time.life();
  let hosts = 0;
  let hooks = 0;
  let host: SimHost | null = null;
  let session: SessionProcess | null = null;
  let lives = 0;

  function newHost(): void {
    hosts++;
    host = createSimHost({
      sessionId: SESSION,
      number: hosts,
      time,
      chance: chance.fork(`host ${hosts}`),
      program: agent.program(chance.fork(`host ${hosts}`)),
      forgetsInputs: plants.hostForgetsInputs ?? false,
    });
    leaveMark(dir, { pid: 10_000 + hosts, startTime: null, socket: "/nowhere.sock", version: 1, startedAt: hosts });
    tell(`host ${hosts} starts`);
  }

  const startSession = (): void =>
    inTurn(async () => {
      if (!host?.alive || (session?.life.alive && !session.isOver)) return;
      await session?.kill();
      lives++;
      tell(`session process ${lives} starts`);
      session = await startSessionProcess(sessionOptions(host));
    });

  const settleSession = (): void =>
    inTurn(async () => {
      if (host?.alive) return;
      await session?.kill();
      lives++;
      tell(`session process ${lives} speaks for the lost host`);
      session = await startSessionProcess(sessionOptions(null));
      const mine = session;
      // As a runner does, which tries until the hub knows.
      time.after(SETTLE_AGAIN_MS, () => {
        if (session === mine && !host?.alive && !mine.isTold) settleSession();
      });
    });

  function sessionOptions(on: SimHost | null): SessionProcessOptions {
    return {
      home,
      dir,
      time,
      network,
      chance: chance.fork(`session ${lives}`),
      host: on,
      lastHost: hosts,
      agent,
      parkAfterMs,
      plants,
      log,
    };
  }

  const killSession = (backAfterMs: number | null): void => {
    const old = session;
    if (!old) return;
    inTurn(() => old.kill());
    if (backAfterMs !== null) time.after(backAfterMs, startSession);
  };

  /** With its host goes what stood in its ring; what the session process had read by then is in its ledger. */
  const killHost = (backAfterMs: number, settles: boolean): void => {
    const dying = host;
    if (!dying?.alive) return;
    dying.die();
    killSession(null);
    inTurn(async () => {
      const written = readFileSync(join(dir, "ledger.jsonl"), "utf8");
      const ledger = written.slice(0, written.lastIndexOf("\n") + 1);
      for (const text of agent.saidInRing(dying.number)) if (!ledger.includes(JSON.stringify(text))) unheard.add(text);
    });
    time.after(backAfterMs, () => {
      if (host?.alive) return;
      if (settles) settleSession();
      else launch();
    });
  };

  function launch(): void {
    inTurn(async () => {
      if (host?.alive && !host.ended) return;
      await session?.kill();
      newHost();
    });
    startSession();
  }

  function hook(payload: Record<string, unknown>, { afterMs, answered, signal = new AbortController().signal }: HookCall = {}): string {
    const calledBy = host;
    const id = `h${++hooks}`;
    let until = time.now + HOOK_MS;
    let isOver = false;
    const end = (answer: unknown): void => {
      if (isOver) return;
      isOver = true;
      answered?.(answer);
    };
    const call = (): void => {
      if (isOver || signal.aborted) return;
      if (host !== calledBy || !calledBy?.alive || time.now > until) return end({});
      const door = session;
      if (!door?.life.alive || door.isOver) return void time.after(HOOK_AGAIN_MS, call);
      door.onHook({ ...payload, hapiHookId: id }, signal).then(
        (answer) => door.life.alive && end(answer),
        (cause: unknown) => tell(`a hook failed: ${String(cause)}`),
      );
      if (!answered) return;
      void door.gone.then(() => {
        until = time.now + BRIDGE_MS;
        time.after(HOOK_AGAIN_MS, call);
      });
    };
    const luck = chance.fork(id);
    time.after(afterMs ?? luck.between(5, 200), call);
    return id;
  }

  function startRunner(): void {
    const runnerWire = network.wire("runner", runner);
    const ready: Promise<MachineLink> = connectMachine({
      hubUrl: HUB_URL,
      token: TOKEN,
      machineId: MACHINE,
      metadata: { host: "simulated", platform: "linux", happyCliVersion: "0.0.0" },
      clock: runner.clock,
      random: chance.fork("runner").next,
      fetch: runnerWire.fetch,
      dial: runnerWire.dial,
    });
    void ready.then((link) => {
      link.handle("spawn-happy-session", async () => {
        tell("runner is asked to start the session");
        launch();
        return { type: "success", sessionId: SESSION };
      });
    });
  }

  return {
    get host() {
      return host;
    },
    get session() {
      return session;
    },
    unheard,
    launch,
    killSession,
    killHost,
    startRunner,
    hook,
    async stop() {
      runner.end();
      await session?.kill();
    },
  };
}
