/** Codex's own screen on the session's server: `codex --remote unix://… resume <thread>` on a PTY of the host. It comes and goes; the server stays. */
import type { HostProcess } from "@hapi/host";
import { AppError, toAppError } from "@hapi/protocol";
import { ignore } from "@hapi/platform/lean";
import type { DriverContext, OwnTerminal } from "../driver.ts";
import { argsFor } from "./line.ts";
import { endProcess, hasExited, program } from "./server.ts";

const TERMINAL_KEY = "codex.terminal";

interface Remembered {
  id: string;
  count: number;
}

export interface Terminal extends OwnTerminal {
  /** After a restart of the session process: is it still there? */
  adopt(): Promise<void>;
}

interface Place {
  socket: string;
  threadId: string;
  args: readonly string[];
}

export interface TerminalDeps {
  context: DriverContext;
  /** Where the server listens, and on which thread; null: it does not run. */
  place(): Place | null;
  /** The server ended, or is being ended: then so does this, and nobody left it. */
  isServerGone(): boolean;
}

/** The session keeps its line for good, and Codex says the words of it at once: only the first screen of a session has them. */
function lineOf({ socket, threadId, args }: Place, count: number): string[] {
  const { terminal, prompt } = argsFor(args);
  return ["--remote", `unix://${socket}`, "resume", threadId, ...terminal, ...(count === 1 ? prompt : [])];
}

export function createTerminal({ context, place, isServerGone }: TerminalDeps): Terminal {
  let shown: HostProcess | null = null;
  let isClosing = false;

  function watch(process: HostProcess): void {
    shown = process;
    isClosing = false;
    const over = process.exited.then(({ code, signal }) => {
      if (shown !== process) return;
      shown = null;
      const expected = isClosing || isServerGone();
      context.emit({ type: "terminal-closed", code, signal, expected });
    });
    ignore(over, "the host is gone, and everything with it");
  }

  return {
    get isOpen() {
      return shown !== null;
    },
    async open({ cols, rows }) {
      const at = place();
      if (at === null) throw new AppError("agent_away", "Codex is not running");
      if (shown !== null) return {};
      const count = (context.memory.get<Remembered>(TERMINAL_KEY)?.count ?? 0) + 1;
      const launchId = `codex-terminal-${count}-${context.clock.now().toString(36)}`;
      await context.memory.commit({ [TERMINAL_KEY]: { id: launchId, count } satisfies Remembered });
      const argv = [program(context), ...lineOf(at, count)];
      const { cwd, env } = context;
      try {
        watch(await context.host.spawn({ launchId, kind: "pty", argv, cwd, env, ...(cols && rows ? { cols, rows } : {}) }));
      } catch (cause) {
        throw new AppError("spawn_failed", `Codex's own screen could not be started: ${toAppError(cause).message}`, { cause });
      }
      return {};
    },
    async close({ graceMs }) {
      const process = shown;
      if (process === null) return;
      isClosing = true;
      await endProcess(process, context.clock, graceMs);
    },
    async adopt() {
      const known = context.memory.get<Remembered>(TERMINAL_KEY);
      const process = known && context.host.process(known.id);
      if (process && !(await hasExited(process))) watch(process);
    },
  };
}
