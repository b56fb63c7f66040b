/**
 * One machine as a person has it: hub, runner, a demo session started through the web's API, a terminal on it, and a client that listens all the
 * time. Every process is the real CLI, has a pid that can be killed, and is ended by pid. The agent's own record is the truth.
 */
import { randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createHubApi, type HubApi } from "@hapi/client";
import { type HostFacts, probeHost, shutdownHost } from "@hapi/host";
import {
  delay,
  isAlive,
  openPty,
  processStartTime,
  type ProcessId,
  type Pty,
  sessionDir,
  spawnPiped,
  type PipedProcess,
} from "@hapi/platform";
import type { Message } from "@hapi/protocol";
import type { History } from "@hapi/testkit";
import { watchHub, type Watcher } from "./watcher.ts";

export const HAPI = resolve(import.meta.dir, "../../bin/hapi");
const UNTIL_MS = 30_000;

export interface World extends AsyncDisposable {
  readonly home: string;
  readonly sessionId: string;
  readonly api: HubApi;
  readonly watcher: Watcher;
  readonly env: Readonly<Record<string, string>>;
  facts(): Promise<HostFacts>;
  agentPid(): Promise<number>;
  kill(what: Part): Promise<void>;
  /** Starts again what does not start itself. */
  start(what: Part): Promise<void>;
  isViewerAlive(): boolean;
  send(text: string): Promise<string>;
  rows(): Promise<Message[]>;
  history(accepted: History["accepted"]): Promise<History>;
  /** Every session this machine has a folder of. */
  sessionIds(): string[];
  /** How often the agent's record has a finished tool call of this path. */
  written(path: string): number;
  until<T>(look: () => Promise<T | null | undefined | false>, what: string): Promise<T>;
}

export const PARTS = ["hub", "session", "runner", "viewer"] as const;
export type Part = (typeof PARTS)[number];

interface RecordLine {
  t: string;
  text?: string;
  update?: { sessionUpdate: string; status?: string; title?: string; content?: unknown; rawInput?: { path?: string } };
}

export async function createWorld(options: { speed: number }): Promise<World> {
  const root = mkdtempSync(join(tmpdir(), "hapi-faults-"));
  const home = join(root, ".hapi");
  const cwd = mkdtempSync(join(root, "work-"));
  const env: Record<string, string> = {
    PATH: process.env["PATH"] ?? "",
    HOME: root,
    LANG: "C.UTF-8",
    TERM: "xterm-256color",
    HAPI_DEMO_SPEED: String(options.speed),
  };
  const started: ProcessId[] = [];
  const parts: { hub: PipedProcess | null; runner: PipedProcess | null; viewer: Pty | null } = { hub: null, runner: null, viewer: null };
  let port = 0;
  let token = "";
  let sessionId = "";
  let watcher: Watcher | null = null;
  /** Which of the session processes, counted by the host, was killed last. */
  let killedStart = 0;

  const sessionIds = (): string[] => (existsSync(join(home, "sessions")) ? readdirSync(join(home, "sessions")) : []);

  async function dispose(): Promise<void> {
    await watcher?.stop();
    for (const id of sessionIds()) await shutdownHost(sessionDir(home, id));
    for (const id of started) if (isAlive(id)) process.kill(id.pid, "SIGKILL");
    await until(async () => started.every((id) => !isAlive(id)), "all processes are gone");
    rmSync(root, { recursive: true, force: true, maxRetries: 5 });
  }

  function run(...args: string[]): PipedProcess {
    const child = spawnPiped([HAPI, ...args], { env, cwd: root, ownGroup: true });
    started.push(child);
    return child;
  }

  async function startHub(): Promise<void> {
    const hub = run("hub", "--port", String(port), "--json");
    parts.hub = hub;
    const { line, rest } = await firstLine(hub);
    const said = JSON.parse(line || "{}") as { url?: string; token?: string };
    if (!said.url || !said.token) throw new Error(`the hub did not start: ${await new Response(hub.stderr).text()}`);
    rest.catch(() => undefined);
    port = Number(new URL(said.url).port);
    token = said.token;
    env["HAPI_API_URL"] = said.url;
  }

  async function startRunner(): Promise<void> {
    const before = Date.now();
    parts.runner = run("runner", "run");
    void new Response(parts.runner.stdout).text();
    void new Response(parts.runner.stderr).text();
    // Ready is what the hub says: this runner, not the one before.
    await until(
      async () => (await api.machines.list()).some((machine) => machine.active && Number(machine.runnerState?.["startedAt"]) >= before),
      "the runner is registered",
    );
  }

  async function startViewer(): Promise<void> {
    const viewer = openPty({
      argv: [HAPI, "demo", "--existing-session-id", sessionId],
      cwd,
      env,
      cols: 80,
      rows: 24,
      onData: () => undefined,
    });
    started.push(viewer);
    parts.viewer = viewer;
    await until(async () => (await facts()).viewers.length > 0, "the viewer is attached");
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
    return readdirSync(join(home, "logs"))
      .flatMap((name) =>
        readFileSync(join(home, "logs", name), "utf8")
          .trimEnd()
          .split("\n")
          .slice(-15)
          .map((line) => `${name}: ${line}`),
      )
      .join("\n");
  }

  async function facts(): Promise<HostFacts> {
    const found = await probeHost(sessionDir(home, sessionId));
    if (!found) throw new Error("the host is gone");
    return found;
  }

  async function killPid(id: ProcessId): Promise<void> {
    process.kill(id.pid, "SIGKILL");
    await until(async () => !isAlive(id), `${id.pid} is dead`);
  }

  function record(): RecordLine[] {
    const threads = join(root, ".local", "state", "hapi-demo", "threads");
    return readdirSync(threads).flatMap((name) =>
      readFileSync(join(threads, name), "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as RecordLine),
    );
  }

  async function rows(): Promise<Message[]> {
    const all = new Map<string, Message>();
    for (let before: { at: number; seq: number } | undefined; ;) {
      const { messages, page } = await api.messages.page(sessionId, { limit: 200, ...(before ? { before } : {}) });
      for (const row of messages) all.set(row.id, row);
      if (!page.hasMore) break;
      before = { at: page.nextBeforeAt ?? 0, seq: page.nextBeforeSeq ?? 0 };
    }
    return [...all.values()].sort((a, b) => (a.seq ?? 0) - (b.seq ?? 0));
  }

  const starters: Record<Part, () => Promise<void>> = {
    hub: startHub,
    runner: startRunner,
    viewer: startViewer,
    // The host starts it again by itself; here it is only waited for.
    session: async () =>
      void (await until(
        async () => (await facts()).hasController && (await facts()).session.starts > killedStart,
        "the session process is back",
      )),
  };

  await startHub();
  const api = createHubApi({ baseUrl: env["HAPI_API_URL"] ?? "", accessToken: () => token });
  try {
    await startRunner();
    const [machine] = await api.machines.list();
    const spawned = await api.machines.spawn(machine?.id ?? "", { directory: cwd, agent: "demo", launchId: randomUUID() });
    if (spawned.type !== "success") throw new Error(`not spawned: ${JSON.stringify(spawned)}`);
    sessionId = spawned.sessionId;
    watcher = await watchHub(api, sessionId);
    await watcher.until(
      (state) => state.sessions[sessionId]?.active === true && state.sessions[sessionId]?.metadata?.lifecycleState === "running",
      "the session runs",
    );
    await startViewer();
  } catch (cause) {
    const words = `${cause instanceof Error ? cause.message : String(cause)}\n${log()}`;
    await dispose();
    throw new Error(words, { cause });
  }

  return {
    home,
    sessionId,
    api,
    watcher,
    env,
    facts,
    async agentPid() {
      const running = (await facts()).processes.filter((one) => one.exit === null);
      const [only] = running;
      if (!only || running.length > 1) throw new Error(`${running.length} agents run`);
      return only.pid;
    },
    async kill(what) {
      if (what === "session") {
        const { pid, starts } = (await facts()).session;
        killedStart = starts;
        // Between two lives there is nothing to kill.
        return pid === null ? undefined : killPid({ pid, startTime: processStartTime(pid) });
      }
      const target = parts[what];
      parts[what] = null;
      if (target) await killPid(target);
    },
    start: (what) => starters[what](),
    isViewerAlive: () => parts.viewer !== null && isAlive(parts.viewer),
    async send(text) {
      const localId = randomUUID();
      await api.messages.send(sessionId, { text, localId, wake: true });
      return localId;
    },
    rows,
    async history(accepted) {
      const lines = record();
      const ran = lines.flatMap((line) => (line.t === "user" ? [line.text ?? ""] : []));
      const said = lines.flatMap((line) => {
        const { sessionUpdate, content } = line.update ?? {};
        return sessionUpdate === "agent_message_chunk" ? [(content as { text: string }).text] : [];
      });
      return { rows: await rows(), accepted, agent: { ran, said } };
    },
    sessionIds,
    written: (path) => record().filter((line) => line.update?.sessionUpdate === "tool_call" && line.update.rawInput?.path === path).length,
    until,
    [Symbol.asyncDispose]: dispose,
  };
}

/** The first line of its output; `rest` is the reading of the others, which must go on so that the program never waits. */
async function firstLine(child: PipedProcess): Promise<{ line: string; rest: Promise<void> }> {
  const reader = child.stdout.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { done, value } = await reader.read();
    if (done) break;
    text += value;
  }
  const rest = (async () => {
    while (!(await reader.read()).done);
  })();
  return { line: text.split("\n")[0] ?? "", rest };
}
