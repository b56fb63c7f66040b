/**
 * One life of a session process in memory, with the ports it has of its world. Once it is killed nothing reaches it any more, nothing it still
 * does reaches anyone, and what it waits for never comes: no part of it tidies up. Of its ledger remains what it was told is on disk, nothing else.
 */
import { statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import type { AgentDriver, Conversation } from "@hapi/agents";
import type { SessionLink } from "@hapi/client/link";
import type { HostControl } from "@hapi/host";
import type { Clock } from "@hapi/platform";
import { LEDGER_FILE, type Ledger, openLedger } from "../src/session/ledger.ts";
import { openSessionFile, type OpenSessionFile } from "../src/session/session-file.ts";

export interface LifeOptions {
  dir: string;
  host: HostControl;
  driver: AgentDriver;
  link: SessionLink;
  clock: Clock;
  disk: Disk;
}

export interface Disk {
  /** What is written is on it when this resolves. */
  busy: Promise<void> | null;
}

export interface Life extends Omit<LifeOptions, "dir" | "disk"> {
  readonly sessionFile: OpenSessionFile;
  readonly ledger: Ledger;
  readonly alive: boolean;
  kill(): Promise<void>;
}

type Call = (...args: unknown[]) => unknown;

const isCall = (value: unknown): value is Call => typeof value === "function";

export async function createLife({ dir, host, driver, link, clock, disk }: LifeOptions): Promise<Life> {
  let alive = true;
  const conversations: Conversation[] = [];
  const ledger = await openLedger(dir);
  const file = openSessionFile(dir);
  const path = join(dir, LEDGER_FILE);
  let durable = statSync(path).size;

  const never = new Promise<never>(() => undefined);

  const whileAlive = <T>(work: Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      work.then(
        (value) => alive && resolve(value),
        (cause: unknown) => alive && reject(cause instanceof Error ? cause : new Error(String(cause))),
      );
    });

  const heard =
    (listener: Call): Call =>
    (...args) =>
      alive ? listener(...args) : undefined;

  /** Answers that are read, not asked for, are given to the dead too: they change nothing. */
  function port<T extends object>(target: T, read: readonly (keyof T)[]): T {
    return new Proxy(target, {
      get(_, key) {
        const value: unknown = Reflect.get(target, key, target);
        if (!isCall(value)) return value;
        return (...args: unknown[]): unknown => {
          if (!alive && !read.includes(key as keyof T)) return never;
          const answer = value.apply(
            target,
            args.map((arg) => (isCall(arg) ? heard(arg) : arg)),
          );
          return answer instanceof Promise ? whileAlive(answer) : answer;
        };
      },
    });
  }

  async function kept(write: Promise<void>): Promise<void> {
    await write;
    if (disk.busy) await disk.busy;
    if (alive) durable = statSync(path).size;
  }

  const write: Ledger["write"] = (...entries) => (alive ? whileAlive(kept(ledger.write(...entries))) : never);

  return {
    host: port(host, ["processes", "process", "viewers", "on"]),
    link: port(link, ["on"]),
    clock: { now: () => clock.now(), setTimer: (ms, run) => (alive ? clock.setTimer(ms, () => alive && run()) : () => undefined) },
    driver: {
      ...driver,
      open(context) {
        const opened = driver.open({ ...context, emit: (event) => alive && context.emit(event) });
        conversations.push(opened);
        return port(opened, ["typed"]);
      },
    },
    sessionFile: {
      get value() {
        return file.value;
      },
      update: (patch) => alive && file.update(patch),
    },
    ledger: {
      ...ledger,
      write,
      setFacts: (patch) => write({ k: "facts", patch }),
      memory: { get: ledger.memory.get, commit: (values) => write({ k: "memory", values }) },
      close: () => (alive ? ledger.close() : never),
    },
    get alive() {
      return alive;
    },
    async kill() {
      alive = false;
      // Not its own doing: the system closes what it had open.
      await link.close();
      for (const conversation of conversations) await conversation[Symbol.asyncDispose]();
      await ledger.close();
      if (statSync(path).size > durable) truncateSync(path, durable);
    },
  };
}
