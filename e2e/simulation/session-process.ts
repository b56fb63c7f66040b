/**
 * The real session process (session, ledger, driver, link) on a real folder. Killed, it leaves what it had written: everything it was told is
 * durable, and of what was still on its way to the disk as much as chance wants, down to half a line.
 */
import { statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { createSessionLink, type SessionLink } from "@hapi/client/link";
import type { HostControl } from "@hapi/host";
import { openLedger, openSessionFile, openSession, type Ledger, type RunningSession } from "@hapi/machine";
import { toAppError } from "@hapi/protocol";
import type { DriverLog } from "@hapi/agents";
import { absentHost } from "../../packages/machine/src/session/absent-host.ts";
import type { SimHost } from "./host.ts";
import { TOKEN } from "./hub-process.ts";
import type { Network, Wire } from "./network.ts";
import type { Chance } from "./random.ts";
import type { SimAgent } from "./sim-agent.ts";
import type { Life, VirtualTime } from "./time.ts";

const LEDGER = "ledger.jsonl";
export const HUB_URL = "http://hub.simulated";

export interface SessionPlants {
  ledger?(ledger: Ledger): Ledger;
  link?(link: SessionLink): SessionLink;
}

export interface SessionProcess {
  readonly life: Life;
  readonly wire: Wire;
  readonly ledger: Ledger;
  /** It came to its end by itself. */
  readonly isOver: boolean;
  /** Nobody is at its door any more. */
  readonly gone: Promise<void>;
  /** It spoke for a lost host, and the hub has confirmed all that it had to hear. */
  readonly isTold: boolean;
  /** A hook of the agent's comes to its door. Never answered by one that is killed meanwhile. */
  onHook(payload: unknown, signal: AbortSignal): Promise<unknown>;
  kill(): Promise<void>;
}

export interface SessionProcessOptions {
  home: string;
  dir: string;
  time: VirtualTime;
  network: Network;
  chance: Chance;
  /** Null: only to say how everything stands (its host was killed). */
  host: SimHost | null;
  lastHost: number;
  agent: SimAgent;
  parkAfterMs: number;
  plants: SessionPlants;
  log: DriverLog;
}

export async function startSessionProcess(options: SessionProcessOptions): Promise<SessionProcess> {
  const { home, dir, time, network, chance, plants, log } = options;
  const life = time.life();
  const wire = network.wire("session", life);
  const file = openSessionFile(dir);
  const disk = await time.real(openDisk(dir, { time, life, chance }));
  const ledger = plants.ledger?.(disk.ledger) ?? disk.ledger;
  const { sessionId } = file.value;
  const link = createSessionLink({
    hubUrl: HUB_URL,
    token: TOKEN,
    sessionId,
    clock: life.clock,
    fetch: wire.fetch,
    dial: wire.dial,
    log: (event, fields) => log.debug(event, fields),
  });
  let isTold = false;
  const host: HostControl = options.host ? options.host.control(life) : absentHost(sessionId, 10_000 + options.lastHost);
  const driver = options.agent.driver({ host: options.host, life, chance: chance.fork("driver") });
  const session = await time.real(
    openSession({
      home,
      dir,
      sessionFile: {
        get value() {
          return file.value;
        },
        update(patch) {
          if (life.alive) file.update(patch);
        },
      },
      ledger,
      host,
      driver,
      link: plants.link?.(link) ?? link,
      hub: () => ({ hubUrl: HUB_URL }),
      clock: life.clock,
      random: chance.fork("jitter").next,
      log,
      agentEnv: options.agent.env,
      hookCommand: [],
      hookSockets: [],
      hookEnv: {},
      runCommand: async () => ({ stdout: "", stderr: "", exitCode: 0, truncated: false }),
      settings: { remoteWhileLocal: "switch", parkAfterMs: options.parkAfterMs },
      about: { version: "0.0.0", libDir: "/", userHome: "/" },
    }),
  );
  let isOver = false;
  const gone = Promise.withResolvers<void>();
  session.ended.then(
    () => {
      isOver = true;
      wire.drop();
      gone.resolve();
    },
    () => undefined,
  );
  if (options.host) void session.begin();
  else void session.settle(endingOf(session, ledger)).then((said) => (isTold = said.isTold));
  return {
    life,
    wire,
    ledger,
    gone: gone.promise,
    get isOver() {
      return isOver;
    },
    get isTold() {
      return isTold;
    },
    onHook: (payload, signal) => session.onHook(payload, signal),
    async kill() {
      if (!life.alive) return;
      life.end();
      wire.drop();
      gone.resolve();
      await time.real(disk.abandon());
    },
  };
}

/** As the runner's word to a session without a host decides. */
function endingOf(_session: RunningSession, { state }: Ledger): Parameters<RunningSession["settle"]>[0] {
  const { lifecycle } = state.facts;
  const isOver = lifecycle === "completed" || lifecycle === "failed";
  return { exitCode: 1, reason: "terminated", contactMs: 5_000, lifecycle: isOver ? lifecycle : "aborted" };
}

interface LedgerDisk {
  readonly ledger: Ledger;
  abandon(): Promise<void>;
}

async function openDisk(dir: string, world: { time: VirtualTime; life: Life; chance: Chance }): Promise<LedgerDisk> {
  const { time, life, chance } = world;
  const path = join(dir, LEDGER);
  const real = await openLedger(dir);
  const bytes = (): number => statSync(path).size;
  let durable = bytes();
  let busyUntil = 0;

  async function synced(work: Promise<void>): Promise<void> {
    const took = chance.is(0.05) ? chance.between(5, 100) : chance.between(0, 3);
    busyUntil = Math.max(busyUntil, time.now + took);
    const virtual = life.wait(busyUntil - time.now);
    await time.real(work);
    const upTo = bytes();
    await virtual;
    durable = Math.max(durable, upTo);
  }
  const write: Ledger["write"] = (...entries) => {
    time.touch();
    return life.alive ? synced(real.write(...entries)) : new Promise(() => undefined);
  };
  const ledger: Ledger = {
    state: real.state,
    write,
    setFacts: (patch) => write({ k: "facts", patch }),
    memory: { get: real.memory.get, commit: (values) => write({ k: "memory", values }) },
    lostLines: real.lostLines,
    onFailure: real.onFailure,
    async close() {
      if (life.alive) await time.real(real.close());
    },
  };
  return {
    ledger,
    async abandon() {
      const cut = chance.between(durable, bytes());
      await real.close().catch((cause: unknown) => {
        // It had come to its end and closed the file itself.
        if (toAppError(cause).code !== "internal") throw cause;
      });
      if (cut < bytes()) truncateSync(path, cut);
    },
  };
}
