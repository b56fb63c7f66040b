/**
 * One machine as a person has it: hub, runner, a demo session started through the web's API, a terminal on it, a client that sends from an
 * outbox on disk, and one that listens all the time. Every process is the real CLI, has a pid that can be killed, and is ended by pid. Between
 * the hub and everybody else stand two bad networks: one to the machine, one to the people. The agent's own record is the truth.
 */
import { randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createHubApi, type HubApi, machineCalls } from "@hapi/client";
import { type HostFacts, shutdownHost } from "@hapi/host";
import { attempt, delay, isAlive, openPty, type PipedProcess, type ProcessId, type Pty, sessionDir, spawnPiped } from "@hapi/platform";
import type { Message } from "@hapi/protocol";
import { type ChaosProxy, createChaosProxy, createProcessKiller, type History } from "@hapi/testkit";
import { type ClientProcess, createClientProcess } from "./client-process.ts";
import { fasterClock } from "./faster-clock.ts";
import { linesOf } from "./lines.ts";
import { type SessionPlace, sessionPlace } from "./session-place.ts";
import { watchHub, type Watcher } from "./watcher.ts";

export const HAPI = resolve(import.meta.dir, "../../bin/hapi");
const UNTIL_MS = 180_000;

export interface World extends AsyncDisposable {
  readonly home: string;
  readonly sessionId: string;
  readonly session: SessionPlace;
  /** Straight to the hub: for looking. */
  readonly api: HubApi;
  /** As people reach it: through the network to the clients. */
  readonly person: HubApi;
  readonly watcher: Watcher;
  readonly client: ClientProcess;
  /** Between the hub and runner, session processes and terminals; between the hub and clients. */
  readonly nets: { readonly machine: ChaosProxy; readonly clients: ChaosProxy };
  readonly env: Readonly<Record<string, string>>;
  facts(): Promise<HostFacts>;
  agentPid(): Promise<number>;
  kill(what: Part): Promise<void>;
  /** Starts again what does not start itself. */
  start(what: Part): Promise<void>;
  isViewerAlive(): boolean;
  /** The client has it on disk; the hub gets it sooner or later. */
  send(text: string): Promise<string>;
  /** By `hapi send` on the machine: sent, or kept for the runner to send. */
  sendByCommand(text: string): Promise<string>;
  /** Another session on this machine. */
  spawn(): Promise<SessionPlace>;
  pid(what: "hub" | "runner"): number | null;
  rows(): Promise<Message[]>;
  history(accepted: History["accepted"]): Promise<History>;
  /** Every session this machine has a folder of. */
  sessionIds(): string[];
  /** How often the agent's record has a finished tool call of this path. */
  written(path: string): number;
  until<T>(look: () => Promise<T | null | undefined | false>, what: string): Promise<T>;
  /** The ends of all log files. */
  log(): string;
}

export const PARTS = ["hub", "session", "runner", "viewer", "client", "agent", "host"] as const;
export type Part = (typeof PARTS)[number];

export interface WorldOptions {
  speed: number;
  /** Of the networks. */
  seed?: number;
  /** Planted in the client. */
  clientFault?: string;
  /** More of it for every process. */
  env?: Readonly<Record<string, string>>;
}

export async function createWorld(options: WorldOptions): Promise<World> {
  const root = mkdtempSync(join(tmpdir(), "hapi-faults-"));
  const home = join(root, ".hapi");
  const env: Record<string, string> = {
    PATH: process.env["PATH"] ?? "",
    HOME: root,
    LANG: "C.UTF-8",
    TERM: "xterm-256color",
    HAPI_DEMO_SPEED: String(options.speed),
    ...options.env,
  };
  const started: ProcessId[] = [];
  /** What programs said before they ended. */
  const complaints: string[] = [];
  const parts: { hub: PipedProcess | null; runner: PipedProcess | null; viewer: Pty | null } = { hub: null, runner: null, viewer: null };
  const nets: { machine?: ChaosProxy; clients?: ChaosProxy } = {};
  let port = 0;
  let token = "";
  let session: SessionPlace | null = null;
  let watcher: Watcher | null = null;
  /** Which of the session processes, counted by the host, was killed last. */
  let killedStart = 0;

  const sessionIds = (): string[] => (existsSync(join(home, "sessions")) ? readdirSync(join(home, "sessions")) : []);
  const main = (): SessionPlace => {
    if (!session) throw new Error("there is no session yet");
    return session;
  };

  async function dispose(): Promise<void> {
    await watcher?.stop();
    for (const id of sessionIds()) await shutdownHost(sessionDir(home, id)).catch(() => false);
    for (const id of started) if (isAlive(id)) attempt(() => process.kill(id.pid, "SIGKILL"), "it ended in this moment");
    await until(async () => started.every((id) => !isAlive(id)), "all processes are gone");
    await nets.machine?.close();
    await nets.clients?.close();
    rmSync(root, { recursive: true, force: true, maxRetries: 5 });
  }

  function run(environment: Record<string, string>, ...args: string[]): PipedProcess {
    const child = spawnPiped([HAPI, ...args], { env: environment, cwd: root, ownGroup: true });
    started.push(child);
    return child;
  }

  async function startHub(): Promise<void> {
    const { HAPI_API_URL: _network, ...own } = env;
    const hub = run(own, "hub", "--no-runner", "--port", String(port), "--json");
    parts.hub = hub;
    const first = Promise.withResolvers<string>();
    // The reading goes on, so that the program never waits.
    linesOf(hub.stdout, first.resolve).then(
      () => first.resolve("{}"),
      () => first.resolve("{}"),
    );
    const said = JSON.parse(await first.promise) as { url?: string; token?: string };
    if (!said.url || !said.token) throw new Error(`the hub did not start: ${await new Response(hub.stderr).text()}`);
    port = Number(new URL(said.url).port);
    token = said.token;
  }

  async function startRunner(): Promise<void> {
    const before = Date.now();
    parts.runner = run(env, "runner", "run");
    void new Response(parts.runner.stdout).text();
    linesOf(parts.runner.stderr, (line) => complaints.push(`runner: ${line}`)).catch((cause: unknown) => complaints.push(String(cause)));
    // Ready is what the hub says: this runner, not the one before.
    await until(
      async () => (await api.machines.list()).some((machine) => machine.active && Number(machine.runnerState?.["startedAt"]) >= before),
      "the runner is registered",
    );
  }

  async function startViewer(): Promise<void> {
    const { cwd, id, facts } = main();
    const argv = [HAPI, "demo", "--existing-session-id", id];
    const open = (): Pty => {
      const viewer = openPty({ argv, cwd, env, cols: 80, rows: 24, onData: () => undefined });
      started.push(viewer);
      parts.viewer = viewer;
      return viewer;
    };
    let viewer = open();
    await until(async () => {
      // On a bad line it may say so and end; a person types it again.
      if (!isAlive(viewer)) viewer = open();
      return (await facts()).viewers.length > 0;
    }, "the viewer is attached");
  }

  async function spawn(): Promise<SessionPlace> {
    const cwd = mkdtempSync(join(root, "work-"));
    const [machine] = await api.machines.list();
    const spawned = await machineCalls(api).spawn(machine?.id ?? "", { directory: cwd, agent: "demo", launchId: randomUUID() });
    if (spawned.type !== "success") throw new Error(`not spawned: ${JSON.stringify(spawned)}`);
    return sessionPlace({ id: spawned.sessionId, cwd, home, userHome: root, api });
  }

  async function until<T>(look: () => Promise<T | null | undefined | false>, what: string): Promise<T> {
    const deadline = Date.now() + UNTIL_MS;
    for (let last: unknown = null; ;) {
      const found = await look().catch((cause: unknown) => {
        last = cause;
        return null;
      });
      if (found) return found;
      if (Date.now() > deadline) throw new Error(`never happened: ${what}${last ? ` (${String(last)})` : ""}\n${log()}`);
      // Processes can't be subscribed to from here; a short look is the event.
      await delay(20);
    }
  }

  function log(): string {
    if (!existsSync(join(home, "logs"))) return "no logs";
    return readdirSync(join(home, "logs"))
      .flatMap((name) =>
        readFileSync(join(home, "logs", name), "utf8")
          .trimEnd()
          .split("\n")
          .slice(-40)
          .map((line) => `${name}: ${line}`),
      )
      .concat(complaints.slice(-20))
      .join("\n");
  }

  const killer = createProcessKiller<Part>({
    hub: async () => parts.hub,
    runner: async () => parts.runner,
    viewer: async () => parts.viewer,
    client: async () => client.process,
    // Between two lives there is nothing to kill.
    async session() {
      killedStart = (await main().facts()).session.starts;
      return main().find("session");
    },
    agent: () => main().find("agent"),
    async host() {
      killedStart = 0;
      return main().find("host");
    },
  });

  const starters: Record<Part, () => Promise<void>> = {
    hub: startHub,
    runner: startRunner,
    viewer: startViewer,
    client: () => client.start(),
    // The host starts it again by itself; here it is only waited for.
    session: async () =>
      void (await until(async () => {
        const { hasController, session: own } = await main().facts();
        return hasController && own.starts > killedStart;
      }, "the session process is back")),
    // The next prompt does.
    agent: async () => undefined,
    host: async () => undefined,
  };

  const client = createClientProcess({
    dir: join(root, "outbox"),
    env: () => env,
    baseUrl: () => nets.clients?.url ?? "",
    token: () => token,
    ...(options.clientFault === undefined ? {} : { fault: options.clientFault }),
    started: (child) => void started.push(child),
  });

  await startHub();
  const seed = options.seed ?? 1;
  const machine = (nets.machine = await createChaosProxy({ seed, target: { port } }));
  const clients = (nets.clients = await createChaosProxy({ seed: seed + 1, target: { port } }));
  env["HAPI_API_URL"] = machine.url;
  const api = createHubApi({ baseUrl: `http://127.0.0.1:${port}`, accessToken: () => token });
  const person = createHubApi({ baseUrl: clients.url, accessToken: () => token, clock: fasterClock });
  try {
    await Promise.all([startRunner(), client.start()]);
    session = await spawn();
    const { id } = session;
    watcher = await watchHub(person, id);
    await watcher.until(
      (state) => state.sessions[id]?.active === true && state.sessions[id]?.metadata?.lifecycleState === "running",
      "the session runs",
    );
    await startViewer();
  } catch (cause) {
    const words = `${cause instanceof Error ? cause.message : String(cause)}\n${log()}`;
    await dispose();
    throw new Error(words, { cause });
  }
  const place = session;

  return {
    home,
    sessionId: place.id,
    session: place,
    api,
    person,
    watcher,
    client,
    nets: { machine, clients },
    env,
    facts: place.facts,
    agentPid: place.agentPid,
    async kill(what) {
      await killer.kill(what);
      if (what === "hub" || what === "runner" || what === "viewer") parts[what] = null;
    },
    start: (what) => starters[what](),
    isViewerAlive: () => parts.viewer !== null && isAlive(parts.viewer),
    async send(text) {
      const localId = randomUUID();
      await client.give({ localId, sessionId: place.id, text });
      return localId;
    },
    async sendByCommand(text) {
      const child = run(env, "send", place.id, text, "--json");
      const [said, complaint, { code }] = await Promise.all([
        new Response(child.stdout).text(),
        new Response(child.stderr).text(),
        child.exited,
      ]);
      if (code !== 0) throw new Error(`hapi send ended with ${code}: ${complaint}${said}`);
      return (JSON.parse(said) as { localId: string }).localId;
    },
    spawn,
    pid: (what) => parts[what]?.pid ?? null,
    rows: place.rows,
    history: place.history,
    sessionIds,
    written: place.written,
    until,
    log,
    [Symbol.asyncDispose]: dispose,
  };
}
