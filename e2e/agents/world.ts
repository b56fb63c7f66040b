/**
 * One computer as a person has it, on real Claude Code: a home folder, `hapi` and `claude` on the PATH, a hub, the scripted model server, a terminal
 * in tmux and a web client that listens all the time. At its end every process that was started in this home is gone, or the test fails.
 * With `HAPI_KEEP=1` the folder stays, for looking into.
 */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type HostFacts, probeHost, shutdownHost } from "@hapi/host";
import { attempt, delay, isAlive, processStartTime, type ProcessId, runningHub, sessionDir, spawnPiped } from "@hapi/platform";
import { type FakeModels, type FakeRequest, startFakeModels, startTmux, type Tmux } from "@hapi/testkit";
import { claudeProgram, onboarded, quietEnv } from "./claude-home.ts";
import { allProcesses } from "./processes.ts";
import { enter } from "./tui.ts";
import { openWeb, type Web, type WebSession, webSession } from "./web.ts";

const HAPI = resolve(import.meta.dir, "../../bin/hapi");
const UNTIL_MS = 120_000;
const GONE_MS = 40_000;

export interface World extends AsyncDisposable {
  readonly home: string;
  /** The project; Claude trusts it. */
  readonly cwd: string;
  /** Where `hapi` and `claude` are found. */
  readonly bin: string;
  readonly env: Readonly<Record<string, string>>;
  readonly models: FakeModels;
  readonly web: Web;
  /** Resolves when the machine is online at the web. */
  startRunner(): Promise<void>;
  /** A terminal with a shell in the project. */
  terminal(size?: { cols: number; rows: number }): Promise<Tmux>;
  /** Runs `hapi <words>` in a terminal and waits for the session of the project at the web. */
  start(words?: string): Promise<{ terminal: Tmux; session: WebSession }>;
  /** The session of the project, or the newest one that is none of `except`. */
  session(except?: readonly string[]): Promise<WebSession>;
  facts(sessionId: string): Promise<HostFacts>;
  /** Of the one agent that runs now. */
  agent(sessionId: string): Promise<ProcessId>;
  kill(process: ProcessId): Promise<void>;
  /** Resolves when its host has noticed; another one is on its way. */
  killSessionProcess(sessionId: string): Promise<void>;
  /** kill -9 of the hub's process. The web's client goes on looking for it. */
  killHub(): Promise<void>;
  /** Another hub on the same home and port. */
  restartHub(): Promise<void>;
  /** As a machine loses power: everything that runs in this home is gone at once. Terminals of tests excepted, there is none. */
  loseAll(): Promise<void>;
  /** What the demo agent's model was asked, one line per message; the newest request. */
  lastDemoConversation(): string[];
  /** Requests of the conversation itself, without titles and the like. */
  asked(from?: number): FakeRequest[];
  /** The conversation in the newest request, one line per message. */
  lastConversation(): string[];
  until<T>(look: () => Promise<T | null | undefined | false> | T | null | undefined | false, what: string): Promise<T>;
  log(): string;
}

export interface WorldOptions {
  env?: Record<string, string>;
  /** Without one, `hapi` has to start it. */
  withoutHub?: boolean;
  withoutClaude?: boolean;
}

export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "hapi-real-")));
  const home = join(root, "home");
  const cwd = join(root, "project");
  const bin = join(root, "bin");
  const tmp = join(root, "tmp");
  const requests = join(root, "demo-requests.jsonl");
  for (const dir of [home, cwd, bin, tmp]) mkdirSync(dir);
  symlinkSync(HAPI, join(bin, "hapi"));
  if (!options.withoutClaude) symlinkSync(claudeProgram(), join(bin, "claude"));
  writeFileSync(join(home, ".claude.json"), onboarded([cwd]), { mode: 0o600 });
  chmodSync(home, 0o700);
  const models = await startFakeModels();
  const env: Record<string, string> = {
    PATH: `${bin}:/usr/local/bin:/usr/bin:/bin`,
    HOME: home,
    TMPDIR: tmp,
    PS1: "$ ",
    HISTFILE: "",
    ...quietEnv(models.url),
    HAPI_LOG_LEVEL: "debug",
    HAPI_DEMO_REQUESTS: requests,
    HAPI_DEMO_SPEED: "5",
    ...options.env,
  };
  const hapiHome = join(home, ".hapi");
  const terminals: Tmux[] = [];
  const servers: ProcessId[] = [];
  let web: Web | null = null;

  async function until<T>(look: () => Promise<T | null | undefined | false> | T | null | undefined | false, what: string): Promise<T> {
    const deadline = Date.now() + UNTIL_MS;
    for (let last: unknown = null; ;) {
      try {
        const found = await look();
        if (found) return found;
      } catch (cause) {
        last = cause;
      }
      if (Date.now() > deadline) throw new Error(`never happened: ${what}${last ? ` (${String(last)})` : ""}\n${log()}`);
      // Other processes can't be subscribed to from here; a short look is the event.
      await delay(20);
    }
  }

  function log(): string {
    const dir = join(hapiHome, "logs");
    return readdirSync(dir)
      .flatMap((name) =>
        readFileSync(join(dir, name), "utf8")
          .trimEnd()
          .split("\n")
          .slice(-40)
          .map((line) => `${name}: ${line}`),
      )
      .join("\n");
  }

  let hub: ProcessId | null = null;

  async function startHub(port = "0"): Promise<{ url: string; token: string }> {
    const child = spawnPiped([HAPI, "hub", "--no-runner", "--port", port, "--json"], { env, cwd: root, ownGroup: true });
    servers.push(child);
    hub = child;
    const { line } = await firstLine(child.stdout);
    const said = JSON.parse(line || "{}") as { url?: string; token?: string };
    if (!said.url || !said.token) throw new Error(`the hub did not start: ${await new Response(child.stderr).text()}`);
    void new Response(child.stderr).text();
    env["HAPI_API_URL"] = said.url;
    return { url: said.url, token: said.token };
  }

  const sessionIds = (): string[] => {
    try {
      return readdirSync(join(hapiHome, "sessions"));
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw cause;
    }
  };
  /** Whatever runs in this home, this test excepted. */
  const ours = (): ProcessId[] => allProcesses().filter((one) => one.pid !== process.pid && one.environment?.includes(`HOME=${home}`));

  async function dispose(): Promise<void> {
    await web?.stop();
    for (const id of sessionIds()) await shutdownHost(sessionDir(hapiHome, id));
    for (const terminal of terminals) await terminal[Symbol.asyncDispose]();
    for (const server of servers) if (isAlive(server)) attempt(() => process.kill(server.pid, "SIGTERM"), "it ended in this moment");
    // One that `hapi` itself started.
    const started = options.withoutHub ? runningHub(hapiHome) : null;
    if (started) attempt(() => process.kill(started.pid, "SIGTERM"), "it ended in this moment");
    const deadline = Date.now() + GONE_MS;
    while (ours().length > 0 && Date.now() < deadline) await delay(20);
    const left = allProcesses().filter((one) => ours().some(({ pid }) => pid === one.pid));
    for (const { pid } of left) attempt(() => process.kill(pid, "SIGKILL"), "it ended in this moment");
    await models.close();
    if (!process.env["HAPI_KEEP"]) rmSync(root, { recursive: true, force: true, maxRetries: 5 });
    if (left.length > 0) throw new Error(`still ran at the end: ${left.map((one) => `${one.pid} ${one.argv.join(" ")}`).join("; ")}`);
  }

  const world: World = {
    home,
    cwd,
    bin,
    env,
    models,
    get web() {
      if (!web) throw new Error("there is no hub yet");
      return web;
    },
    async startRunner() {
      const child = spawnPiped([HAPI, "runner", "run"], { env, cwd: root, ownGroup: true });
      servers.push(child);
      for (const stream of [child.stdout, child.stderr]) void new Response(stream).text();
      await world.web.until(
        () => Object.values(world.web.state.machines).some((machine) => machine.active),
        "the runner's machine is online",
      );
    },
    async terminal(size = { cols: 120, rows: 40 }) {
      const terminal = await startTmux({ argv: ["bash", "--norc", "--noprofile"], cwd, env, ...size });
      terminals.push(terminal);
      await terminal.until((screen) => screen.startsWith("$"), { what: "a shell" });
      return terminal;
    },
    async start(words = "claude") {
      const terminal = await world.terminal();
      await enter(terminal, `hapi ${words}`);
      const session = await world.session().catch(async (cause: unknown) => {
        throw new Error(`no session came up; the screen:\n${await terminal.screen()}`, { cause });
      });
      return { terminal, session };
    },
    async session(except = []) {
      if (!web) throw new Error("there is no hub yet");
      const here = web;
      const found = await here.until(() => {
        const mine = Object.values(here.state.summaries).filter((one) => one.metadata?.path === cwd && !except.includes(one.id));
        return mine.find((one) => here.state.sessions[one.id] !== undefined && here.state.windows[one.id]?.stale === false);
      }, "a session of the project");
      return webSession(here, found.id);
    },
    async facts(sessionId) {
      const found = await probeHost(sessionDir(hapiHome, sessionId));
      if (!found) throw new Error("the host is gone");
      return found;
    },
    agent: (sessionId) =>
      until(async () => {
        const running = (await world.facts(sessionId)).processes.filter((one) => one.exit === null);
        return running.length === 1 && running[0] ? { pid: running[0].pid, startTime: processStartTime(running[0].pid) } : null;
      }, "one agent runs"),
    async kill(target) {
      process.kill(target.pid, "SIGKILL");
      await until(() => !isAlive(target), `${target.pid} is dead`);
    },
    async killSessionProcess(sessionId) {
      const pid = await until(async () => (await world.facts(sessionId)).session.pid, "a session process");
      await world.kill({ pid, startTime: processStartTime(pid) });
      await until(async () => (await world.facts(sessionId)).session.pid !== pid, "the host noticed");
    },
    async killHub() {
      if (!hub) throw new Error("there is no hub");
      await world.kill(hub);
    },
    async restartHub() {
      await startHub(new URL(env["HAPI_API_URL"] ?? "").port);
    },
    async loseAll() {
      for (let left = ours(); left.length > 0; left = ours()) {
        for (const { pid } of left) attempt(() => process.kill(pid, "SIGKILL"), "it ended in this moment");
        await delay(20);
      }
    },
    lastDemoConversation() {
      const lines = readFileSync(requests, "utf8").trimEnd().split("\n");
      const { messages } = JSON.parse(lines.at(-1) ?? "{}") as { messages: { role: string; text: string }[] };
      return messages.map(({ role, text }) => `${role}: ${text}`);
    },
    asked: (from = 0) => models.requests.slice(from).filter((request) => request.op === "answer" && !request.aux),
    lastConversation: () => (world.asked().at(-1)?.messages ?? []).map(inWords),
    until,
    log,
    [Symbol.asyncDispose]: dispose,
  };
  try {
    if (!options.withoutHub) {
      const { url, token } = await startHub();
      web = await openWeb(url, token, () => Promise.all(terminals.map(async (terminal) => (await terminal.screen()).trim())));
    }
  } catch (cause) {
    await dispose();
    throw cause;
  }
  return world;
}

function inWords(message: NonNullable<FakeRequest["messages"]>[number]): string {
  const parts = message.parts.map(
    (part) =>
      part.text ??
      part.thinking ??
      (part.result ? `result ${part.result.text}` : part.call ? `call ${part.call.name}` : `image ${part.image}`),
  );
  return `${message.role}: ${parts.join(" | ")}`;
}

/** The first line of its output. The rest is read and dropped, so that the program never waits. */
async function firstLine(stream: ReadableStream<Uint8Array>): Promise<{ line: string }> {
  const reader = stream.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { done, value } = await reader.read();
    if (done) break;
    text += value;
  }
  void (async () => {
    while (!(await reader.read()).done);
  })();
  return { line: text.split("\n")[0] ?? "" };
}
