/** Hubs in processes of their own, for tests that kill them; what a test leaves running is killed after it. */
import { afterEach } from "bun:test";
import { join } from "node:path";
import { hubAccess, type TestHub } from "@hapi/testkit";

const program = join(import.meta.dir, "hub-process.ts");
const token = "spawned-secret-0123456789";

export interface SpawnedHub {
  hub: TestHub;
  child: Bun.Subprocess;
  kill(): Promise<void>;
}

export interface SpawnOptions {
  /** The start of the machine that the hub believes to be in. */
  bootId?: string;
  /** Words in front of its command: a limit to run under. */
  wrap?: readonly string[];
}

export function hubProcesses() {
  const running = new Set<Bun.Subprocess>();
  const kill = async (child: Bun.Subprocess): Promise<void> => {
    child.kill("SIGKILL");
    await child.exited;
    running.delete(child);
  };
  afterEach(async () => {
    for (const child of running) await kill(child);
  });

  function spawn<Stderr extends "inherit" | "pipe">(home: string, { bootId = "boot-1", wrap = [] }: SpawnOptions, stderr: Stderr) {
    const child = Bun.spawn([...wrap, process.execPath, program, home, token, bootId], { stdout: "pipe", stderr });
    running.add(child);
    return child;
  }

  async function spawnHub(home: string, options: SpawnOptions = {}): Promise<SpawnedHub> {
    const child = spawn(home, options, "inherit");
    const { value } = await child.stdout.getReader().read();
    const url = new TextDecoder().decode(value).trim();
    if (!URL.canParse(url)) throw new Error("the hub did not start");
    const close = (): Promise<void> => kill(child);
    const hub = {
      url,
      home,
      front: null,
      host: "127.0.0.1",
      port: Number(new URL(url).port),
      token,
      ...hubAccess(url, token),
      close,
      [Symbol.asyncDispose]: close,
    };
    return { hub, child, kill: close };
  }

  /** Of this one no hub may come: what it says of that is in its `stderr`. */
  const spawnRefused = (home: string) => spawn(home, {}, "pipe");

  return { spawnHub, spawnRefused };
}
