/** A session in memory: real ledger and session file on disk, everything else behind its port. `crash` and `start` are a kill -9 (`life.ts`) and its successor. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { leaveMark } from "@hapi/host";
import { type Clock, systemClock } from "@hapi/platform";
import { createMemoryHost, type MemoryHost } from "@hapi/testkit";
import { createSession, type CreateSessionOptions } from "../src/session/create-session.ts";
import type { Ledger } from "../src/session/ledger.ts";
import type { OpenSessionFile } from "../src/session/session-file.ts";
import { openSession, type RunningSession } from "../src/session/session.ts";
import { createFakeAgent, type FakeAgent } from "./fake-agent.ts";
import { createFakeHub, type FakeHub } from "./fake-hub.ts";
import { createLife, type Disk, type Life } from "./life.ts";

export interface World {
  readonly dir: string;
  readonly hub: FakeHub;
  readonly agent: FakeAgent;
  readonly host: MemoryHost;
  readonly session: RunningSession;
  readonly sessionFile: OpenSessionFile;
  readonly ledger: Ledger;
  readonly disk: Disk;
  start(): Promise<void>;
  /** The host ended too: the next start is a new launch. */
  relaunch(): Promise<void>;
  /** The session process is gone from one moment to the next; agent and host live on. */
  crash(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface WorldOptions extends Partial<CreateSessionOptions> {
  viewers?: boolean;
  remoteWhileLocal?: "switch" | "read-only";
  parkAfterMs?: number;
  control?: "switch" | "remote" | "shared";
  steer?: boolean;
  canEffort?: boolean;
  installed?: boolean;
  /** Sessions of this home retry by themselves. */
  autoRetry?: boolean;
  clock?: Clock;
  /** By name, with their fingerprints. */
  changedCredentials?: () => Record<string, string>;
}

const log = { debug: () => undefined, info: () => undefined, warn: () => undefined };

export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const root = mkdtempSync(join(tmpdir(), "machine-session-"));
  const home = join(root, "home");
  const { sessionId, dir } = createSession({
    home,
    flavor: "fake",
    cwd: root,
    machineId: "machine-1",
    hubUrl: "http://127.0.0.1:1",
    startedBy: "terminal",
    startingMode: "remote",
    ...options,
  });
  const hub = createFakeHub(sessionId);
  const agent = createFakeAgent({ control: options.control, steer: options.steer, effort: options.canEffort });
  agent.installed = options.installed ?? true;
  const host = createMemoryHost({ sessionId });
  if (options.viewers) host.setViewers([{ id: "viewer-1", cols: 80, rows: 24 }]);
  let session!: RunningSession;
  let life!: Life;
  const disk: Disk = { busy: null };

  async function start(): Promise<void> {
    life = await createLife({ dir, host, driver: agent.driver, link: hub.link(), clock: options.clock ?? systemClock, disk });
    const { sessionFile } = life;
    session = await openSession({
      ...life,
      home,
      dir,
      hub: () => ({ hubUrl: sessionFile.value.hubUrl }),
      random: () => 0,
      log,
      agentEnv: {},
      changedCredentials: options.changedCredentials?.(),
      hookCommand: ["hapi", "hook"],
      hookSockets: [],
      hookEnv: {},
      runCommand: async () => ({ stdout: "", stderr: "", exitCode: 0, truncated: false }),
      settings: {
        remoteWhileLocal: options.remoteWhileLocal ?? "switch",
        parkAfterMs: options.parkAfterMs ?? 0,
        autoRetry: options.autoRetry,
      },
      about: { version: "0.1.0", libDir: "/lib", userHome: "/home/me" },
    });
    await session.begin();
  }

  await start();
  return {
    dir,
    hub,
    agent,
    host,
    disk,
    get session() {
      return session;
    },
    get sessionFile() {
      return life.sessionFile;
    },
    get ledger() {
      return life.ledger;
    },
    start,
    async relaunch() {
      await life.kill();
      agent.die({ code: 0 });
      leaveMark(dir, { pid: process.pid, startTime: null, socket: "/nowhere.sock", version: 1, startedAt: Math.random() });
      await start();
    },
    crash: () => life.kill(),
    async [Symbol.asyncDispose]() {
      if (host.ended === null && life.alive) await session.release();
      await host.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** The stages that the hub heard of, in order. */
export const stages = (world: World, localId: string): string[] => world.hub.stages.get(localId) ?? [];

/** The conversation at the hub: prompts behind `> `, and what the agent said. */
export const texts = (world: World): string[] =>
  world.hub.rows.flatMap((row) => {
    const { role, content } = row.content as {
      role: string;
      content: { type: string; text?: string; data?: { type: string; message?: string } };
    };
    if (role === "user") return [`> ${content.text}`];
    return content.data?.type === "message" && content.type === "codex" ? [content.data.message ?? ""] : [];
  });

/** Says it and waits until the agent runs it. */
export async function run(world: World, localId: string, text: string): Promise<void> {
  world.hub.prompt(localId, text);
  await world.hub.until(() => world.agent.ran.at(-1) === text, `${text} runs`);
}
