/**
 * One real Claude Code against the scripted model server: a home of its own, a project folder, a host in memory, and everything the driver says in
 * the order it said it. A missing agent fails the suite. Nothing sleeps: tests wait for what the driver emits.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { delay, systemClock } from "@hapi/platform/lean";
import type { AgentEvent } from "@hapi/protocol";
import type { HostProcess } from "@hapi/host";
import { createMemoryHost, type FakeModels, type FakeRequest, type MemoryHost, startFakeModels } from "@hapi/testkit";
import type { Conversation, DriverEvent, Front, Loss, StartOptions } from "../../src/driver.ts";
import { claudeDriver } from "../../src/claude/driver.ts";
import { liveOnThread } from "../../src/claude/live-sessions.ts";
import { ownSystem } from "../../src/claude/system.ts";
import { agentEnv, onboarded } from "./home.ts";
import { openHookDoor } from "./hook-door.ts";

const WAIT_MS = 120_000;

export interface Rig extends AsyncDisposable {
  /** Screen of the terminal front as raw text since its start. */
  screen(): string;
  /** Types into the terminal. */
  type(text: string): Promise<void>;
  /** A key in a dialog, until it is taken: Claude ignores keys in the first moments of one. */
  press<T>(key: string, until: Promise<T>): Promise<T>;
  /** Claude's own word on itself, of its status file. */
  statusIs(status: string): Promise<void>;
  statusLeft(status: string): Promise<void>;
  /** Resolves when the terminal shows it. */
  shows(text: string | RegExp): Promise<void>;
  readonly cwd: string;
  readonly sessionDir: string;
  readonly env: Record<string, string>;
  readonly host: MemoryHost;
  readonly fake: FakeModels;
  readonly events: DriverEvent[];
  /** What the driver noticed to be missing. */
  readonly losses: Loss[];
  readonly memory: Map<string, unknown>;
  conversation: Conversation;
  start(options?: Partial<StartOptions>): Promise<void>;
  /** The first event that fits, from the mark on. */
  wait<T>(what: string, pick: (event: DriverEvent) => T | undefined | false, from?: number): Promise<T>;
  record<T extends AgentEvent["type"]>(
    type: T,
    fits?: (event: Extract<AgentEvent, { type: T }>) => boolean,
    from?: number,
  ): Promise<Extract<AgentEvent, { type: T }>>;
  mark(): number;
  /** For what no event tells; Claude is another process. */
  until(what: string, look: () => boolean): Promise<void>;
  /** Resolves when Claude has called this hook so many times. */
  hook(name: string, times: number): Promise<void>;
  /** In the project. */
  exists(name: string): boolean;
  /** The conversation it began with. */
  readonly firstThread: string;
  /** The session process dies; the host and the agent live on. Another one takes over what was durable. */
  killSessionProcess(): Promise<void>;
  /** The next one adopts what runs; hooks that wait come back to it. */
  takeOver(): Promise<Front | null>;
  readonly hooksSeen: readonly string[];
  /** From here on this is another session of HAPI, with nothing known. */
  anotherSession(): Promise<void>;
  readonly threadId: string;
  /** Requests of the conversation itself, without titles and the like. */
  requests(): FakeRequest[];
  /** The last request's conversation, one word list per message. */
  lastConversation(): string[];
  transcript(): string;
}

export interface RigOptions {
  env?: Record<string, string>;
  args?: readonly string[];
  /** The person's own settings. */
  settings?: Record<string, unknown>;
  /** A slow disk: after each batch of lines, reading the transcript pauses for so long. */
  readPauseMs?: number;
  /** The project's folder, relative to the rig's own. */
  folder?: string;
  /** False: this hook is lost on its way. */
  arrives?(payload: Record<string, unknown>): boolean;
  /** Something is made to vanish: what is told of that is the test's own affair. Elsewhere any loss fails the test. */
  lossy?: boolean;
}

/** What a session process does with its host; one that was killed releases nothing of what its successor has to read. */
function whileAlive(host: MemoryHost, isAlive: () => boolean): MemoryHost {
  return new Proxy(host, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (name === "spawn") return async (spec: Parameters<MemoryHost["spawn"]>[0]) => guarded(await target.spawn(spec), isAlive);
      if (name === "process")
        return (id: string) => {
          const found = target.process(id);
          return found && guarded(found, isAlive);
        };
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

function guarded(process: HostProcess, isAlive: () => boolean): HostProcess {
  return new Proxy(process, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (name === "release") return (...words: Parameters<HostProcess["release"]>) => isAlive() && target.release(...words);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

export async function createRig(options: RigOptions = {}): Promise<Rig> {
  const root = mkdtempSync(join(tmpdir(), "hapi-claude-real-"));
  const home = join(root, "home");
  const cwd = join(root, options.folder ?? "project");
  const sessionDir = join(root, "session");
  for (const dir of [home, cwd, sessionDir]) mkdirSync(dir, { recursive: true });
  writeFileSync(join(home, ".claude.json"), onboarded(cwd));
  if (options.settings) {
    mkdirSync(join(home, ".claude"));
    writeFileSync(join(home, ".claude", "settings.json"), JSON.stringify(options.settings));
  }
  const fake = await startFakeModels();
  const door = await openHookDoor(root, async (payload, signal) => {
    if (options.arrives?.(payload as Record<string, unknown>) === false) return {};
    return (await rig.conversation.onHook?.(payload, signal)) ?? {};
  });
  const env = { ...agentEnv({ home, tmp: root, url: fake.url }), ...options.env };
  const host = createMemoryHost();
  const events: DriverEvent[] = [];
  const memory = new Map<string, unknown>();
  const keys = new Set<string>();
  const watchers = new Set<() => void>();
  let generation = 0;

  function remember(values: Record<string, unknown>): void {
    for (const [key, value] of Object.entries(values)) memory.set(key, structuredClone(value));
  }

  function open(): Conversation {
    generation += 1;
    const mine = generation;
    return claudeDriver.open({
      sessionId: "5e55-real",
      cwd,
      env,
      host: whileAlive(host, () => mine === generation),
      // A killed session process writes nothing any more.
      memory: {
        get: <T>(key: string) => structuredClone(memory.get(key)) as T | undefined,
        commit: async (values) => {
          if (mine === generation) remember(values);
        },
      },
      clock: systemClock,
      sessionDir,
      hookCommand: door.command,
      hookEnv: { HAPI_HOOK_TOKEN: "token" },
      room: () => delay(options.readPauseMs ?? 0),
      log: { debug: () => undefined, info: () => undefined, warn: (event, fields) => console.warn(`driver: ${event}`, fields ?? "") },
      emit(event) {
        if (mine !== generation) return;
        if (event.type === "record") {
          if (event.checkpoint) remember(event.checkpoint);
          // As the hub does: a key counts once.
          if (keys.has(event.key)) return;
          keys.add(event.key);
        }
        events.push(event);
        for (const look of [...watchers]) look();
      },
    });
  }

  /** What the newest terminal wrote, without its escape sequences and all spaces: enough to know what is on it. */
  let screen = "";
  const screenWatchers = new Set<() => void>();
  async function followScreen(): Promise<void> {
    const process = host.processes().findLast((one) => one.kind === "pty");
    if (!process) return;
    screen = "";
    for await (const chunk of process.read("out", 0)) {
      // eslint-disable-next-line no-control-regex
      screen += Buffer.from(chunk.bytes)
        .toString("utf8")
        .replace(/\u001b\[[0-9;?<>=]*[a-zA-Z]|\u001b\][^\u0007\u001b]*(\u0007|\u001b\\)|\u001b[=>()][0-9A-B]?|\s/g, "");
      for (const look of [...screenWatchers]) look();
    }
  }

  async function statusUntil(fits: (status: string | undefined) => boolean): Promise<void> {
    const deadline = Date.now() + WAIT_MS;
    for (;;) {
      const { status } = liveOnThread({ env, system: ownSystem }, rig.threadId)[0] ?? {};
      if (fits(status)) return;
      if (Date.now() > deadline) throw new Error(`Claude's status stays ${status}; the terminal shows:\n${screen.slice(-1500)}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  const rig: Rig = {
    statusIs: (status) => statusUntil((now) => now === status),
    statusLeft: (status) => statusUntil((now) => now !== undefined && now !== status),
    cwd,
    sessionDir,
    env,
    host,
    fake,
    events,
    memory,
    conversation: open(),
    async start(more = {}) {
      await rig.conversation.start({ front: "remote", args: options.args ?? [], permissionMode: "default", cols: 120, rows: 40, ...more });
      if (more.front === "local") followScreen().catch((cause: unknown) => console.warn("screen", cause));
    },
    wait(what, pick, from = 0) {
      return new Promise((resolve, reject) => {
        let next = from;
        const done = (): void => {
          clearTimeout(timer);
          watchers.delete(look);
        };
        const look = (): void => {
          for (; next < events.length; next += 1) {
            const found = pick(events[next] as DriverEvent);
            if (found === undefined || found === false) continue;
            done();
            resolve(found);
            return;
          }
        };
        const timer = setTimeout(() => {
          done();
          reject(
            new Error(
              `waited for ${what}; seen:\n${events
                .slice(from)
                .map((event) => JSON.stringify(event).slice(0, 220))
                .join("\n")}\nthe terminal shows: ${screen.slice(-1_500)}`,
            ),
          );
        }, WAIT_MS);
        watchers.add(look);
        look();
      });
    },
    record: (type, fits = () => true, from = 0) =>
      rig.wait(
        `a record ${type}`,
        (event) => {
          if (event.type !== "record" || event.event.type !== type) return undefined;
          const found = event.event as Extract<AgentEvent, { type: typeof type }>;
          return fits(found) ? found : undefined;
        },
        from,
      ),
    get losses() {
      return events.filter((event) => event.type === "loss");
    },
    mark: () => events.length,
    async until(what, look) {
      const deadline = Date.now() + WAIT_MS;
      while (!look()) {
        if (Date.now() > deadline)
          throw new Error(`never: ${what}; seen:\n${events.map((event) => JSON.stringify(event).slice(0, 220)).join("\n")}`);
        await delay(20);
      }
    },
    hook: (name, times) => rig.until(`hook ${name}`, () => door.seen.filter((one) => one === name).length >= times),
    exists: (name) => existsSync(join(cwd, name)),
    get firstThread() {
      const first = events.find((event) => event.type === "thread");
      return first?.type === "thread" ? first.threadId : "";
    },
    async killSessionProcess() {
      const old = rig.conversation;
      rig.conversation = open();
      await old[Symbol.asyncDispose]();
    },
    async takeOver() {
      const front = await rig.conversation.adopt();
      door.reconnect();
      return front;
    },
    async anotherSession() {
      memory.clear();
      keys.clear();
      await rig.killSessionProcess();
    },
    get threadId() {
      return (memory.get("claude.thread") as { id: string }).id;
    },
    get hooksSeen() {
      return door.seen;
    },
    screen: () => screen,
    async type(text) {
      const process = host.processes().findLast((one) => one.kind === "pty");
      await process?.write(text);
    },
    async press(key, until) {
      const again = setInterval(() => void rig.type(key), 1_000);
      void rig.type(key);
      return await until.finally(() => clearInterval(again));
    },
    shows(text) {
      return new Promise((resolve, reject) => {
        const done = (): void => {
          clearTimeout(timer);
          screenWatchers.delete(look);
        };
        const look = (): void => {
          if (typeof text === "string" ? !screen.includes(text) : !text.test(screen)) return;
          done();
          resolve();
        };
        const timer = setTimeout(() => {
          done();
          reject(new Error(`the terminal does not show ${text}; it shows:\n${screen.slice(-3000)}`));
        }, WAIT_MS);
        screenWatchers.add(look);
        look();
      });
    },
    requests: () => fake.requests.filter((request) => request.op === "answer" && !request.aux),
    lastConversation() {
      const last = rig.requests().at(-1);
      return (last?.messages ?? []).map(
        (message) =>
          `${message.role}: ${message.parts.map((part) => part.text ?? (part.result ? `result ${part.result.text}` : part.call ? `call ${part.call.name}` : "image")).join(" | ")}`,
      );
    },
    transcript: () => readFileSync((memory.get("claude.thread") as { transcript: string }).transcript, "utf8"),
    async [Symbol.asyncDispose]() {
      await rig.conversation.stop({ graceMs: 500, interrupt: true });
      await rig.conversation[Symbol.asyncDispose]();
      await host.close();
      await door.close();
      await fake.close();
      rmSync(root, { recursive: true, force: true });
      if (!options.lossy && rig.losses.length > 0) throw new Error(`the driver told of losses: ${JSON.stringify(rig.losses)}`);
    },
  };
  return rig;
}

let prompts = 0;

/** Hands a prompt and waits for the end of its turn. */
export async function turn(rig: Rig, text: string): Promise<Extract<AgentEvent, { type: "turn-ended" }>> {
  prompts += 1;
  const localId = `p${prompts}`;
  const from = rig.mark();
  await rig.conversation.prompt({ localId, text, attachments: [] });
  return await rig.record("turn-ended", (event) => event.localIds?.includes(localId) === true, from);
}

/** The conversation alone; `told` has what stands beside it too. */
export const texts = (rig: Rig, from = 0): string[] => lines(rig, from, false);
export const told = (rig: Rig, from = 0): string[] => lines(rig, from, true);

const lines = (rig: Rig, from: number, beside: boolean): string[] =>
  rig.events.slice(from).flatMap((event) => {
    if (event.type !== "record") return [];
    const said = event.event;
    switch (said.type) {
      case "user-message":
        return [`user: ${said.text}`];
      case "agent-message":
        return [`agent: ${said.text}`];
      case "tool-call":
        return [`call: ${said.tool}`];
      case "tool-result":
        return [`result: ${said.status}`];
      case "turn-started":
        return ["started"];
      case "turn-ended":
        return [`ended: ${said.outcome}`];
      case "notice":
        return !beside ? [] : [`${said.level}${said.command === undefined ? "" : ` of ${said.command}`}: ${said.text}`];
      case "plan":
        return beside ? [`plan: ${said.entries.length}`] : [];
      case "unknown":
        return beside ? ["unknown"] : [];
      default:
        return [];
    }
  });
