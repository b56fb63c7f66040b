/** A real host process in a fresh home, gone with everything it ran when the test ends. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isAlive, killTree, sessionDir } from "@hapi/platform/lean";
import {
  connectHost,
  shutdownHost,
  startHost,
  type HostControl,
  type HostProcess,
  type StartedHost,
  type StreamName,
} from "../src/index.ts";

export const entry = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
export const hostCommand = [process.execPath, entry("./host-entry.ts")];

export const programEnv = { PATH: process.env["PATH"] ?? "/usr/bin:/bin", PS1: "$ ", TERM: "xterm-256color", LANG: "C.UTF-8" };

export interface TestHost extends StartedHost, AsyncDisposable {
  home: string;
  dir: string;
  control(): Promise<HostControl>;
}

export function tempHome(): { home: string } & Disposable {
  const home = mkdtempSync(join(tmpdir(), "hapi-host-"));
  return { home, [Symbol.dispose]: () => rmSync(home, { recursive: true, force: true }) };
}

export async function startTestHost(options: { sessionArgv?: readonly string[]; sessionId?: string } = {}): Promise<TestHost> {
  const temp = tempHome();
  const sessionId = options.sessionId ?? "session-1";
  const host = await startHost({
    home: temp.home,
    sessionId,
    sessionArgv: options.sessionArgv ?? [],
    env: process.env,
    cwd: temp.home,
    hostCommand,
  });
  const dir = sessionDir(temp.home, sessionId);
  return {
    ...host,
    home: temp.home,
    dir,
    control: () => connectHost(host.address),
    async [Symbol.asyncDispose]() {
      const { pid, startTime } = host.facts;
      await shutdownHost(dir).catch(() => false);
      if (isAlive({ pid, startTime })) killTree({ pid, startTime }, "SIGKILL");
      temp[Symbol.dispose]();
    },
  };
}

/** Reads until the text satisfies `test`, or to the end. */
export async function readUntil(
  program: HostProcess,
  test: (text: string) => boolean = () => false,
  from = 0,
  stream: StreamName = "out",
): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of program.read(stream, from)) {
    text += decoder.decode(chunk.bytes, { stream: true });
    program.release(stream, chunk.offset + chunk.bytes.length);
    if (test(text)) break;
  }
  return text;
}

/** Resolves with the first value of an event that satisfies `test`. */
export function nextEvent<T>(
  subscribe: (listener: (value: T) => void) => () => void,
  test: (value: T) => boolean = () => true,
): Promise<T> {
  return new Promise((resolve) => {
    const off = subscribe((value) => {
      if (!test(value)) return;
      off();
      resolve(value);
    });
  });
}
