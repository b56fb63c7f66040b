/**
 * A person's computer with nothing of HAPI on it: an empty HOME, a free port, a real terminal (tmux) and the real CLI. What the commands start
 * in the background (hub, runner, session hosts) is found by its own records and ended by pid.
 */
import { test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createHubApi, type HubApi } from "@hapi/client";
import { type HostFacts, probeHost, shutdownHost } from "@hapi/host";
import {
  type CommandResult,
  delay,
  isAlive,
  killTree,
  loadSettings,
  processStartTime,
  type ProcessId,
  runCommand,
  sessionDir,
} from "@hapi/platform";
import { hasTmux, startTmux, type Tmux } from "@hapi/testkit";

export const HAPI = resolve(import.meta.dir, "../../bin/hapi");
const UNTIL_MS = 80_000;

export const terminalTest = test.skipIf(!hasTmux());

export interface CommandOptions {
  cwd?: string;
  env?: Record<string, string>;
}

export interface Place extends AsyncDisposable {
  readonly root: string;
  /** HAPI's folder. */
  readonly home: string;
  readonly port: number;
  readonly env: Readonly<Record<string, string>>;
  /** Another folder to work in. */
  project(name: string): string;
  /** Runs a command to its end, without a terminal. */
  hapi(args: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /** A shell in a terminal, in this folder. */
  shell(cwd: string, options?: { cols?: number; rows?: number; env?: Record<string, string> }): Promise<Tmux>;
  /** The hub of this place. Default token: what its settings say. */
  api(token?: string): HubApi;
  hubPids(): number[];
  sessionIds(): string[];
  facts(sessionId: string): Promise<HostFacts | null>;
}

export async function openPlace(): Promise<Place> {
  const root = mkdtempSync(join(tmpdir(), "hapi-terminal-"));
  const home = join(root, ".hapi");
  const port = await freePort();
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: root,
    LANG: "C.UTF-8",
    PS1: "$ ",
    HAPI_LISTEN_PORT: String(port),
    HAPI_DEMO_SPEED: "4",
    // Or the runtime keeps what it compiles, anew for each empty HOME.
    BUN_RUNTIME_TRANSPILER_CACHE_PATH: "0",
  };
  const sessionIds = (): string[] => (existsSync(join(home, "sessions")) ? readdirSync(join(home, "sessions")) : []);

  /** Every hub that was started here and opened its port said so in its log. */
  function hubPids(): number[] {
    const log = join(home, "logs", "hub.log");
    if (!existsSync(log)) return [];
    const lines = readFileSync(log, "utf8")
      .split("\n")
      .filter((line) => line.includes('"hub.started"'));
    return lines.map((line) => (JSON.parse(line) as { pid: number }).pid);
  }

  function runnerPids(): number[] {
    const file = join(home, "runner", "state.json");
    return existsSync(file) ? [(JSON.parse(readFileSync(file, "utf8")) as { pid: number }).pid] : [];
  }

  return {
    root,
    home,
    port,
    env,
    project(name) {
      const path = join(root, name);
      mkdirSync(path, { recursive: true });
      return path;
    },
    hapi: (args, options = {}) =>
      runCommand([HAPI, ...args], { cwd: options.cwd ?? root, env: { ...env, ...options.env }, timeoutMs: 120_000 }),
    shell: (cwd, options = {}) =>
      startTmux({
        argv: ["bash", "--norc", "--noprofile", "-i"],
        cwd,
        env: { ...env, ...options.env },
        cols: options.cols ?? 100,
        rows: options.rows ?? 30,
      }),
    api(token) {
      const { cliApiToken } = loadSettings(home);
      return createHubApi({ baseUrl: `http://127.0.0.1:${port}`, accessToken: () => token ?? cliApiToken ?? null });
    },
    hubPids,
    sessionIds,
    facts: (sessionId) => probeHost(sessionDir(home, sessionId)),
    async [Symbol.asyncDispose]() {
      for (const id of sessionIds()) await shutdownHost(sessionDir(home, id));
      // The hub ends its runner with itself.
      const left: ProcessId[] = [...hubPids(), ...runnerPids()]
        .map((pid) => ({ pid, startTime: processStartTime(pid) }))
        .filter((id) => id.startTime !== null);
      for (const id of left) killTree(id, "SIGTERM");
      await until(async () => left.every((id) => !isAlive(id)), "everything ended");
      rmSync(root, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Processes and files can't be subscribed to from here; a short look is the event. */
export async function until<T>(look: () => Promise<T | null | undefined | false>, what: string): Promise<T> {
  const deadline = Date.now() + UNTIL_MS;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`never happened: ${what}`);
    await delay(25);
  }
}

/** The demo agent's own screen is there and waits for a line. */
export const isReady = (screen: string): boolean => screen.includes("Demo agent") && screen.trimEnd().endsWith("\n>");

/** Nothing a person sees may look like a crash. */
export const STACK_TRACE = /\bat (?:async )?[\w.<>]+ ?\(|\bat .*:\d+:\d+|\.ts:\d+|node_modules|Error:/;

function freePort(): Promise<number> {
  const { promise, resolve: done, reject } = Promise.withResolvers<number>();
  const server = createServer();
  server.on("error", reject);
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    server.close(() => (address !== null && typeof address === "object" ? done(address.port) : reject(new Error("no port"))));
  });
  return promise;
}
