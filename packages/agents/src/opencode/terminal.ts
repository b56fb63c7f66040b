/** OpenCode's own screen beside the server: `opencode attach`, on a PTY of the host, on the same conversation. It finds the password in its environment. */
import type { HostProcess } from "@hapi/host";
import { ignore } from "@hapi/platform/lean";
import { AppError } from "@hapi/protocol";
import type { DriverContext, OwnTerminal } from "../driver.ts";
import { locateOpenCode } from "./detect.ts";
import { endServer, hasExited, serverEnv } from "./server.ts";

const TERMINAL_KEY = "opencode.terminal";

/** Where it is attached to. */
export interface Attached {
  url: string;
  password: string;
  directory: string;
  threadId: string;
}

export interface Terminal extends OwnTerminal {
  /** After a restart of the session process: the screen that the host still runs. */
  adopt(): Promise<void>;
}

export function createTerminal(context: DriverContext, attached: () => Attached | null): Terminal {
  const { host, memory, clock } = context;
  let process: HostProcess | null = null;
  let isExpected = false;

  function watch(started: HostProcess): void {
    process = started;
    isExpected = false;
    ignore(
      started.exited.then(({ code, signal }) => {
        if (process !== started) return;
        process = null;
        context.emit({ type: "terminal-closed", code, signal, expected: isExpected || attached() === null });
      }),
      "the host is gone, which its own event says",
    );
  }

  return {
    get isOpen() {
      return process !== null;
    },
    async open({ cols, rows }) {
      if (process) return {};
      const to = attached();
      if (!to) throw new AppError("agent_away", "OpenCode is not running");
      const { command, hint } = locateOpenCode(context.env, context.program);
      if (command.length === 0) throw new AppError("spawn_failed", hint);
      const { count = 0 } = memory.get<{ count: number }>(TERMINAL_KEY) ?? {};
      const launchId = `opencode-tui-${count + 1}-${clock.now().toString(36)}`;
      await memory.commit({ [TERMINAL_KEY]: { id: launchId, count: count + 1 } });
      const argv = [...command, "attach", to.url, "--dir", to.directory, "--session", to.threadId];
      const env = serverEnv(context, to.password);
      watch(await host.spawn({ launchId, kind: "pty", argv, cwd: context.cwd, env, ...(cols ? { cols } : {}), ...(rows ? { rows } : {}) }));
      return {};
    },
    async close({ graceMs }) {
      const open = process;
      if (!open) return;
      isExpected = true;
      await endServer(context, open, graceMs);
    },
    async adopt() {
      const { id } = memory.get<{ id: string }>(TERMINAL_KEY) ?? {};
      const running = id === undefined ? undefined : host.process(id);
      if (running && !(await hasExited(running))) watch(running);
    },
  };
}
