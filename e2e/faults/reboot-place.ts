/**
 * A machine that goes down: hub, runner and demo sessions, each a real process of the real CLI, all of them killed at once (by pid, or with the
 * cgroup they run in) and only what a service manager would start is started again. The next start of the machine is another boot to the hub.
 */
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHubApi, type HubApi, machineCalls } from "@hapi/client";
import { probeHost } from "@hapi/host";
import {
  attempt,
  delay,
  descendants,
  isAlive,
  openSqlite,
  type ProcessId,
  processStartTime,
  runCommand,
  sessionDir,
  spawnPiped,
} from "@hapi/platform";
import type { Message, Session } from "@hapi/protocol";
import { linesOf } from "./lines.ts";
import { HAPI } from "./world.ts";

const UNTIL_MS = 120_000;

export interface RebootPlace extends AsyncDisposable {
  readonly api: HubApi;
  /** Answers the session's id once it runs. */
  startSession(): Promise<string>;
  send(sessionId: string, text: string): Promise<string>;
  session(sessionId: string): Promise<Session>;
  row(sessionId: string, localId: string): Promise<Message | undefined>;
  texts(sessionId: string): Promise<string>;
  /** Every process of the machine, from one moment to the next. */
  powerLoss(): Promise<void>;
  /** As after a boot: hub, then runner. */
  boot(): Promise<void>;
  status(): Promise<{ sessionPreservation: string; adopted: string[]; lost: { sessionId: string; fate: string }[] }>;
  /** Sessions whose host answers. */
  hosts(): Promise<string[]>;
  until<T>(look: () => Promise<T | null | undefined | false>, what: string): Promise<T>;
}

export interface RebootOptions {
  preservation: "adopt" | "resume";
  /** Everything runs in it, and is killed with it. */
  cgroup?: string;
}

/** A cgroup of version 2 that we may make and kill; null where there is none, with the reason. */
export function makeCgroup(): { path: string } | { reason: string } {
  const mount = readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" "))
    .find(([, , type]) => type === "cgroup2")?.[1];
  if (mount === undefined) return { reason: "no cgroup of version 2 is mounted" };
  const path = join(mount, `hapi-test-${randomUUID()}`);
  try {
    mkdirSync(path);
  } catch (cause) {
    return { reason: `${mount} can't be written (${(cause as NodeJS.ErrnoException).code})` };
  }
  if (existsSync(join(path, "cgroup.kill"))) return { path };
  rmdirSync(path);
  return { reason: "this kernel has no cgroup.kill" };
}

export async function createRebootPlace({ preservation, cgroup }: RebootOptions): Promise<RebootPlace> {
  const root = mkdtempSync(join(tmpdir(), "hapi-reboot-"));
  const home = join(root, ".hapi");
  mkdirSync(home, { mode: 0o700 });
  writeFileSync(join(home, "settings.json"), JSON.stringify({ sessionPreservation: preservation }), { mode: 0o600 });
  const env = { PATH: process.env["PATH"] ?? "", HOME: root, LANG: "C.UTF-8", HAPI_DEMO_SPEED: "3" };
  let services: ProcessId[] = [];
  let port = 0;
  let api = createHubApi({ baseUrl: "http://127.0.0.1:1", accessToken: () => "" });

  async function until<T>(look: () => Promise<T | null | undefined | false>, what: string): Promise<T> {
    const deadline = Date.now() + UNTIL_MS;
    for (let last: unknown = null; ;) {
      const found = await look().catch((cause: unknown) => void (last = cause));
      if (found) return found;
      if (Date.now() > deadline) throw new Error(`never happened: ${what}${last ? ` (${String(last)})` : ""}\n${logs()}`);
      await delay(20);
    }
  }

  function logs(): string {
    return readdirSync(join(home, "logs"))
      .flatMap((name) => {
        const lines = readFileSync(join(home, "logs", name), "utf8")
          .trimEnd()
          .split("\n");
        return lines.slice(-12).map((line) => `${name}: ${line}`);
      })
      .join("\n");
  }

  /** In the cgroup from its first instruction on, and everything it starts with it. */
  function service(...words: string[]) {
    const argv = cgroup ? ["sh", "-c", `echo $$ > ${cgroup}/cgroup.procs && exec "$@"`, "sh", HAPI, ...words] : [HAPI, ...words];
    const child = spawnPiped(argv, { env, cwd: root, ownGroup: true });
    services.push(child);
    void new Response(child.stderr).text();
    return child;
  }

  async function boot(): Promise<void> {
    const before = Date.now();
    const hub = service("hub", "--no-runner", "--port", String(port), "--json");
    const first = Promise.withResolvers<string>();
    void linesOf(hub.stdout, first.resolve);
    const said = JSON.parse(await first.promise) as { url: string; token: string };
    port = Number(new URL(said.url).port);
    api = createHubApi({ baseUrl: said.url, accessToken: () => said.token });
    void new Response(service("runner", "run").stdout).text();
    await until(
      async () => (await api.machines.list()).some((machine) => machine.active && Number(machine.runnerState?.["startedAt"]) >= before),
      "the runner is registered",
    );
  }

  const ids = (): string[] => (existsSync(join(home, "sessions")) ? readdirSync(join(home, "sessions")) : []);

  async function everything(): Promise<ProcessId[]> {
    const hosts = await Promise.all(ids().map((id) => probeHost(sessionDir(home, id)).catch(() => null)));
    const roots = [...services.map(({ pid }) => pid), ...hosts.flatMap((facts) => (facts ? [facts.pid] : []))];
    return roots.flatMap((pid) => [pid, ...descendants(pid)]).map((pid) => ({ pid, startTime: processStartTime(pid) }));
  }

  async function powerLoss(): Promise<void> {
    const all = await everything();
    if (cgroup) writeFileSync(join(cgroup, "cgroup.kill"), "1");
    else for (const { pid } of all) attempt(() => process.kill(pid, "SIGKILL"), "it ended in this moment");
    await until(async () => all.every((id) => !isAlive(id)), "nothing runs any more");
    services = [];
    if (!existsSync(join(home, "hub.sqlite"))) return;
    const db = openSqlite(join(home, "hub.sqlite"));
    db.run("UPDATE meta SET value = ? WHERE key = 'boot_id'", randomUUID());
    await db.close();
  }

  const session = (id: string): Promise<Session> => api.sessions.get(id);
  const rows = async (id: string): Promise<Message[]> => (await api.messages.page(id, { limit: 200 })).messages;
  await boot();
  return {
    get api() {
      return api;
    },
    async startSession() {
      const [machine] = await api.machines.list();
      const directory = mkdtempSync(join(root, "work-"));
      const answer = await machineCalls(api).spawn(machine?.id ?? "", { directory, agent: "demo", launchId: randomUUID() });
      if (answer.type !== "success") throw new Error(JSON.stringify(answer));
      await until(async () => (await session(answer.sessionId)).metadata?.lifecycleState === "running", "it runs");
      return answer.sessionId;
    },
    async send(id, text) {
      const localId = randomUUID();
      await api.messages.send(id, { text, localId, wake: true });
      return localId;
    },
    session,
    row: async (id, localId) => (await rows(id)).find((row) => row.localId === localId),
    texts: async (id) => JSON.stringify((await rows(id)).map((row) => row.content)),
    powerLoss,
    boot,
    async status() {
      const { stdout } = await runCommand([HAPI, "runner", "status", "--json"], { env, cwd: root });
      return JSON.parse(stdout) as Awaited<ReturnType<RebootPlace["status"]>>;
    },
    async hosts() {
      const found = await Promise.all(ids().map(async (id) => ((await probeHost(sessionDir(home, id)).catch(() => null)) ? [id] : [])));
      return found.flat();
    },
    until,
    async [Symbol.asyncDispose]() {
      await powerLoss();
      // A process that is gone for us may still be leaving its group.
      if (cgroup) await until(async () => (rmdirSync(cgroup), true), "the cgroup is empty");
      rmSync(root, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
