/**
 * A hub under test: a program started on a home of its own with a scrubbed environment, measured from outside, and ended by its pid.
 * Each start may have a fresh home or one that an earlier start left. One of these serves one run of one phase.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { attempt } from "@hapi/platform";
import { HubClient } from "./hub-client.ts";
import { cpuSecondsOf, memoryMbOf, processTree } from "./process-facts.ts";
import { now, pause } from "./timing.ts";

export interface HubProgram {
  label: string;
  version: string;
  command: readonly [program: string, ...args: string[]];
  /** Whether it acknowledges keyed messages after they are on disk (our own link). */
  hasKeyedAcks: boolean;
  /** Whether its list of sessions has pages. */
  hasListPages: boolean;
  /** What is wrong with how it runs on this home, after it started. */
  complaint?(home: string): string | null;
}

export interface StartOptions {
  /** Absent: a new one. */
  home?: string;
  /** Absent: a free one. */
  port?: number;
}

const outputFile = "output.log";
const lastLines = 8;
const readyLimitMs = 60_000;
const endLimitMs = 10_000;
/** The hub's own access token in its scratch homes; it guards nothing. */
const token = "bench-token-0123456789abcdef0123456789abcdef";
/** Below the range of outgoing connections, so that none of them can hold it. */
let nextPort = 20_000 + (process.pid % 1000) * 11;

export class HubUnderTest {
  readonly program: HubProgram;
  readonly #scratch: string;
  readonly #homes = new Set<string>();
  #isRetired = false;
  #child: ChildProcess | null = null;
  #exited: Promise<unknown> = Promise.resolve();
  #spentCpuSeconds = 0;
  home = "";
  port = 0;
  /** From the start of the program to the first healthy answer. */
  startMs = Number.NaN;

  constructor(program: HubProgram, scratch: string) {
    this.program = program;
    this.#scratch = scratch;
  }

  get label(): string {
    return this.program.label;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  newHome(): string {
    this.#refuseRetired();
    const home = mkdtempSync(join(this.#scratch, `${this.label}-home-`));
    this.#homes.add(home);
    return home;
  }

  /** Leaves a home to later runs, which know where it is. */
  keepHome(home: string): void {
    this.#homes.delete(home);
  }

  /** Ends it for good, with what it wrote: a phase that was given up must not start it again beside the next one. */
  async retire(): Promise<void> {
    this.#isRetired = true;
    await this.stop();
    for (const home of this.#homes) rmSync(home, { recursive: true, force: true });
  }

  async start({ home = this.newHome(), port }: StartOptions = {}): Promise<void> {
    this.#refuseRetired();
    this.home = home;
    this.port = port ?? (await freePort());
    const [program, ...args] = this.program.command;
    const output = openSync(join(home, outputFile), "a");
    const start = now();
    const child = spawn(program, args, { cwd: home, env: this.environment(), stdio: ["ignore", output, output] });
    closeSync(output);
    this.#child = child;
    this.#exited = new Promise((resolve, reject) => {
      child.once("exit", resolve);
      child.once("error", reject);
    });
    await this.#untilHealthy(child);
    this.startMs = now() - start;
    const complaint = this.program.complaint?.(home) ?? null;
    if (complaint !== null) throw new Error(complaint);
  }

  /** Ends it the way a service manager does; with force when it does not go. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (!child) return;
    this.#spentCpuSeconds = this.cpuSeconds();
    const hasEnded = await this.#end(() => child.kill("SIGTERM"), endLimitMs);
    if (!hasEnded) await this.kill();
    this.#child = null;
  }

  /** SIGKILL, for it and all it started. */
  async kill(): Promise<void> {
    const pid = this.pid;
    if (pid === undefined) return;
    this.#spentCpuSeconds = this.cpuSeconds();
    await this.#end(() => {
      for (const one of processTree(pid)) attempt(() => process.kill(one, "SIGKILL"), "it may be gone");
    }, endLimitMs);
    this.#child = null;
  }

  /** CPU time of all its starts so far. */
  cpuSeconds(): number {
    return this.#spentCpuSeconds + (this.pid === undefined ? 0 : cpuSecondsOf(this.pid));
  }

  memoryMb(): number {
    return this.pid === undefined ? Number.NaN : memoryMbOf(this.pid);
  }

  databaseBytes(): number {
    const names = readdirSync(this.home, { recursive: true, encoding: "utf8" });
    return names
      .filter((name) => /\.(db|sqlite|sqlite3)(-wal|-shm)?$/.test(name))
      .reduce((sum, name) => sum + (attempt(() => statSync(join(this.home, name)).size, "a WAL may just have been folded back") ?? 0), 0);
  }

  /** The end of what it printed, for who wonders why a phase failed. */
  lastWords(): string {
    const printed = attempt(() => readFileSync(join(this.home, outputFile), "utf8"), "it may never have started") ?? "";
    return printed.trim().split("\n").slice(-lastLines).join("\n");
  }

  /** A signed-in client bound to one namespace. */
  async client(namespace: string): Promise<HubClient> {
    const client = new HubClient(this.url, `${token}:${namespace}`);
    await client.signIn();
    return client;
  }

  #refuseRetired(): void {
    if (this.#isRetired) throw new Error(`${this.label}: the phase is over`);
  }

  /** What it and the clients of its home are started with. */
  environment(): Record<string, string> {
    return {
      PATH: process.env["PATH"] ?? "",
      LANG: "C.UTF-8",
      HOME: this.home,
      HAPI_HOME: this.home,
      CLI_API_TOKEN: token,
      HAPI_LISTEN_HOST: "127.0.0.1",
      HAPI_LISTEN_PORT: String(this.port),
    };
  }

  async #end(ask: () => void, limitMs: number): Promise<boolean> {
    ask();
    return await Promise.race([this.#exited.then(() => true), pause(limitMs).then(() => false)]);
  }

  async #untilHealthy(child: ChildProcess): Promise<void> {
    const end = now() + readyLimitMs;
    while (!(await isHealthy(this.port))) {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${this.label}: the hub ended while it started`);
      if (now() > end) throw new Error(`${this.label}: the hub was not ready within ${readyLimitMs} ms`);
      await pause(2);
    }
  }
}

function isHealthy(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let answer = "";
    socket.on("connect", () => socket.write("GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n"));
    socket.on("data", (bytes) => {
      answer += bytes.toString("latin1");
      if (!answer.includes("\r\n")) return;
      resolve(/^HTTP\/1\.1 200\b/.test(answer));
      socket.destroy();
    });
    socket.on("error", () => resolve(false));
    socket.on("close", () => resolve(false));
  });
}

async function freePort(): Promise<number> {
  for (;;) {
    const port = nextPort++;
    if (await canListen(port)) return port;
  }
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
