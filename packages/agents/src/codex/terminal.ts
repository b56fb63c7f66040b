/** Codex's own screen on the session's server: `codex --remote unix://… resume <thread>` on a PTY of the host. It comes and goes; the server stays. */
import { AppError, toAppError } from "@hapi/protocol";
import type { DriverContext, OwnTerminal } from "../driver.ts";
import { watchScreen } from "../shared/ends.ts";
import type { Running } from "./begin.ts";
import { argsFor } from "./line.ts";
import { endProcess, hasExited } from "../shared/process-end.ts";
import { program } from "./server.ts";

const TERMINAL_KEY = "codex.terminal";

interface Remembered {
  id: string;
  count: number;
}

export interface Terminal extends OwnTerminal {
  /** After a restart of the session process: is it still there? */
  adopt(): Promise<void>;
}

export interface TerminalDeps {
  context: DriverContext;
  /** The server and its thread; null: it is known to have ended, or is being ended. Then so does this, and nobody left it. */
  running(): Pick<Running, "launch" | "process" | "thread"> | null;
}

/** The session keeps its line for good, and Codex says the words of it at once: only the first screen of a session has them. */
function lineOf({ launch, thread }: Pick<Running, "launch" | "thread">, count: number): string[] {
  const { terminal, prompt } = argsFor(launch.args);
  return ["--remote", `unix://${launch.socket}`, "resume", thread.state.threadId, ...terminal, ...(count === 1 ? prompt : [])];
}

async function anything({ thread }: Pick<Running, "thread">, timeoutMs: number): Promise<void> {
  if (!thread.link) throw new AppError("agent_away");
  await thread.link.request("thread/loaded/list", {}, timeoutMs);
}

export function createTerminal({ context, running }: TerminalDeps): Terminal {
  const screen = watchScreen(context, () => {
    const server = running();
    return server && { exited: server.process.exited, ask: (timeoutMs) => anything(server, timeoutMs) };
  });

  return {
    get isOpen() {
      return screen.process !== null;
    },
    async open({ cols, rows }) {
      if (!screen.process) await screen.told;
      const at = running();
      if (at === null) throw new AppError("agent_away", "Codex is not running");
      if (screen.process) return {};
      const count = (context.memory.get<Remembered>(TERMINAL_KEY)?.count ?? 0) + 1;
      const launchId = `codex-terminal-${count}-${context.clock.now().toString(36)}`;
      await context.memory.commit({ [TERMINAL_KEY]: { id: launchId, count } satisfies Remembered });
      const argv = [program(context), ...lineOf(at, count)];
      const { cwd, env } = context;
      try {
        screen.watch(await context.host.spawn({ launchId, kind: "pty", argv, cwd, env, ...(cols && rows ? { cols, rows } : {}) }));
      } catch (cause) {
        throw new AppError("spawn_failed", `Codex's own screen could not be started: ${toAppError(cause).message}`, { cause });
      }
      return {};
    },
    close: ({ graceMs }) => screen.close((process) => endProcess(process, context.clock, graceMs)),
    async adopt() {
      const known = context.memory.get<Remembered>(TERMINAL_KEY);
      const process = known && context.host.process(known.id);
      if (process && !(await hasExited(process))) screen.watch(process);
    },
  };
}
