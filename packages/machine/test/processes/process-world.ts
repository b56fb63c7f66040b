/**
 * Real processes: hub, session host, session process and demo agent, in a home of their own, each of which can be killed. The demo's own
 * record of its conversation is the truth that the history is compared with.
 */
import { randomUUID } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHubApi, type HubApi } from "@hapi/client";
import { type HostFacts, probeHost, shutdownHost, startHost } from "@hapi/host";
import { isAlive, killTree, processStartTime, spawnPiped, type PipedProcess } from "@hapi/platform";
import type { Message } from "@hapi/protocol";
import { openTerminal, type TestTerminal } from "./terminal.ts";
import { createSession, type CreateSessionOptions } from "../../src/session/create-session.ts";

const TOKEN = "process-world-token";
const ENTRY = join(import.meta.dir, "hapi.ts");
const UNTIL_MS = 80_000;

export interface ProcessWorld {
  readonly root: string;
  readonly sessionId: string;
  readonly dir: string;
  readonly api: HubApi;
  facts(): Promise<HostFacts>;
  agentPid(): Promise<number>;
  killHub(): Promise<void>;
  /** At its port, or at another one. */
  startHub(where?: "elsewhere"): Promise<void>;
  stopRunner(): Promise<void>;
  killSession(): Promise<void>;
  killHost(): Promise<void>;
  /** Ends with the world. */
  startRunner(): Promise<void>;
  /** Another viewer of the session, as `hapi` in a terminal is. */
  view(size?: { cols: number; rows: number }): TestTerminal;
  send(text: string): Promise<string>;
  rows(): Promise<Message[]>;
  row(localId: string): Promise<Message | undefined>;
  /** What the agent itself recorded. */
  agentRecord(): { ran: string[]; said: string[] };
  until<T>(look: () => Promise<T | null | undefined | false>, what: string): Promise<T>;
  log(): string;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface ProcessWorldOptions {
  env?: Record<string, string>;
  session?: Partial<CreateSessionOptions>;
  /** Called before anything starts: a place for an agent's own files; what it gives back is added to the environment. */
  prepare?(place: { root: string; cwd: string }): Record<string, string>;
}

export async function createProcessWorld(options: ProcessWorldOptions = {}): Promise<ProcessWorld> {
  const root = mkdtempSync(join(tmpdir(), "machine-processes-"));
  const home = join(root, "home");
  const cwd = mkdtempSync(join(root, "work-"));
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: root,
    HAPI_HOME: home,
    CLI_API_TOKEN: TOKEN,
    HAPI_CLI_COMMAND: JSON.stringify([process.execPath, ENTRY]),
    HAPI_DEMO_SPEED: "5",
    HAPI_LOG_LEVEL: "debug",
    ...options.env,
    ...options.prepare?.({ root, cwd }),
  };
  let port = 0;
  let hub: PipedProcess | null = null;
  let runner: PipedProcess | null = null;

  async function startHub(where?: "elsewhere"): Promise<void> {
    if (where) port = 0;
    hub = spawnPiped([process.execPath, ENTRY, "hub", home, String(port), TOKEN], { env, ownGroup: true });
    void hub.stderr.pipeTo(new WritableStream());
    const reader = hub.stdout.getReader();
    const { value } = await reader.read();
    port = Number(new TextDecoder().decode(value).trim());
    if (!(port > 0)) throw new Error("the hub did not start");
  }

  await startHub();
  const hubUrl = (): string => `http://127.0.0.1:${port}`;
  const { sessionId, dir } = createSession({
    home,
    flavor: "demo",
    cwd,
    machineId: "machine-1",
    hubUrl: hubUrl(),
    startedBy: "runner",
    startingMode: "remote",
    ...options.session,
  });
  const sessionArgv = [process.execPath, ENTRY, "__session"];
  await startHost({ home, sessionId, cwd, env, sessionArgv, hostCommand: [process.execPath, ENTRY, "__host"] });
  let api = createHubApi({ baseUrl: hubUrl(), accessToken: () => TOKEN });

  async function until<T>(look: () => Promise<T | null | undefined | false>, what: string): Promise<T> {
    const deadline = Date.now() + UNTIL_MS;
    for (;;) {
      const found = await look().catch(() => null);
      if (found) return found;
      if (Date.now() > deadline) throw new Error(`never happened: ${what}\n${log().split("\n").slice(-30).join("\n")}`);
      // Processes can't be subscribed to from here; a short look is the event.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async function facts(): Promise<HostFacts> {
    const found = await probeHost(dir);
    if (!found) throw new Error("the host is gone");
    return found;
  }

  async function kill(pid: number): Promise<void> {
    const id = { pid, startTime: processStartTime(pid) };
    process.kill(pid, "SIGKILL");
    await until(async () => !isAlive(id), `${pid} is dead`);
  }

  function agentRecord(): { ran: string[]; said: string[] } {
    const threads = join(root, ".local", "state", "hapi-demo", "threads");
    const ran: string[] = [];
    const said: string[] = [];
    for (const name of readdirSync(threads)) {
      for (const line of readFileSync(join(threads, name), "utf8").split("\n").filter(Boolean)) {
        const entry = JSON.parse(line) as { t: string; text?: string; update?: { sessionUpdate: string; content?: { text?: string } } };
        if (entry.t === "user") ran.push(entry.text ?? "");
        if (entry.t === "update" && entry.update?.sessionUpdate === "agent_message_chunk") said.push(entry.update.content?.text ?? "");
      }
    }
    return { ran, said };
  }

  async function rows(): Promise<Message[]> {
    const all = new Map<string, Message>();
    let page = await api.messages.page(sessionId, { limit: 200 });
    for (const row of page.messages) all.set(row.id, row);
    while (page.page.hasMore) {
      page = await api.messages.page(sessionId, { limit: 200, before: { at: page.page.nextBeforeAt!, seq: page.page.nextBeforeSeq! } });
      for (const row of page.messages) all.set(row.id, row);
    }
    return [...all.values()].sort((a, b) => (a.seq ?? 0) - (b.seq ?? 0));
  }

  function log(): string {
    return readFileSync(join(home, "logs", `session-${sessionId}.log`), "utf8");
  }

  await until(async () => (await api.sessions.get(sessionId)).active, "the session is active");
  return {
    root,
    sessionId,
    dir,
    get api() {
      return api;
    },
    facts,
    async agentPid() {
      const running = (await facts()).processes.filter((one) => one.exit === null);
      if (running.length !== 1) throw new Error(`${running.length} agents run`);
      return running[0]!.pid;
    },
    async killHub() {
      if (hub) await kill(hub.pid);
      hub = null;
    },
    async startHub(where) {
      await startHub(where);
      api = createHubApi({ baseUrl: hubUrl(), accessToken: () => TOKEN });
    },
    async killSession() {
      const { session } = await facts();
      if (session.pid !== null) await kill(session.pid);
    },
    killHost: async () => kill((await facts()).pid),
    async startRunner() {
      runner = spawnPiped([process.execPath, ENTRY, "runner", join(root, "runner.log")], {
        env: { ...env, HAPI_API_URL: hubUrl() },
        ownGroup: true,
      });
      void runner.stderr.pipeTo(new WritableStream());
      await runner.stdout.getReader().read();
    },
    async stopRunner() {
      if (runner) await kill(runner.pid);
      runner = null;
    },
    view: (size) => openTerminal([process.execPath, ENTRY, "view", dir], { env, cwd, ...size }),
    async send(text) {
      const localId = randomUUID();
      await api.messages.send(sessionId, { text, localId, wake: true });
      return localId;
    },
    rows,
    row: async (localId) => (await rows()).find((row) => row.localId === localId),
    agentRecord,
    until,
    log,
    async [Symbol.asyncDispose]() {
      if (runner) killTree({ pid: runner.pid, startTime: runner.startTime }, "SIGKILL");
      await shutdownHost(dir);
      if (hub) killTree({ pid: hub.pid, startTime: hub.startTime }, "SIGKILL");
      rmSync(root, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
