/** OpenCode's own screen beside the server: `opencode attach`, on a PTY of the host, on the same conversation. It finds the password in its environment. */
import { AppError } from "@hapi/protocol";
import type { DriverContext, OwnTerminal } from "../driver.ts";
import { watchScreen } from "../shared/ends.ts";
import { locateOpenCode } from "./detect.ts";
import { hasExited } from "../shared/process-end.ts";
import { endServer, serverEnv } from "./server.ts";
import type { Opened } from "./start.ts";

const TERMINAL_KEY = "opencode.terminal";

export interface Terminal extends OwnTerminal {
  /** After a restart of the session process: the screen that the host still runs. */
  adopt(): Promise<void>;
}

/** `running`: the server that it shows; null: that is known to have ended. */
export function createTerminal(context: DriverContext, running: () => Opened | null): Terminal {
  const { host, memory, clock } = context;
  const screen = watchScreen(context, () => {
    const server = running();
    return server && { exited: server.process.exited, ask: () => server.api.get("/session/status") };
  });

  return {
    get isOpen() {
      return screen.process !== null;
    },
    async open({ cols, rows }) {
      if (screen.process) return {};
      await screen.told;
      const to = running()?.attached;
      if (!to) throw new AppError("agent_away", "OpenCode is not running");
      const { command, hint } = locateOpenCode(context.env, context.program);
      if (command.length === 0) throw new AppError("spawn_failed", hint);
      const { count = 0 } = memory.get<{ count: number }>(TERMINAL_KEY) ?? {};
      const launchId = `opencode-tui-${count + 1}-${clock.now().toString(36)}`;
      await memory.commit({ [TERMINAL_KEY]: { id: launchId, count: count + 1 } });
      const argv = [...command, "attach", to.url, "--dir", to.directory, "--session", to.threadId];
      const env = serverEnv(context, to.password);
      const started = await host.spawn({
        launchId,
        kind: "pty",
        argv,
        cwd: context.cwd,
        env,
        ...(cols ? { cols } : {}),
        ...(rows ? { rows } : {}),
      });
      screen.watch(started);
      return {};
    },
    close: ({ graceMs }) => screen.close((process) => endServer(context, process, graceMs)),
    async adopt() {
      const { id } = memory.get<{ id: string }>(TERMINAL_KEY) ?? {};
      const left = id === undefined ? undefined : host.process(id);
      if (left && !(await hasExited(left))) screen.watch(left);
    },
  };
}
