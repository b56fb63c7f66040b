/**
 * `hapi __session`: the entry of a session process, a child of its host. Builds the ports from the environment the host gave and runs the session.
 * Ends with the session, or lets go of everything when it is told to (SIGTERM: an upgrade), or when the host is gone.
 */
import { dirname, join } from "node:path";
import { connectHost, hostAddressFromEnv, hostEnv, type HostControl } from "@hapi/host";
import { AppError, toAppError } from "@hapi/protocol";
import { createLogger, HUB_ACCESS_FILE, ignore, type Logger, logDir, selfCommand, withHubAccess } from "@hapi/platform";
import { HOOK_TOKEN_ENV } from "./hook-protocol.ts";
import { hookSocketPath, hookToken } from "./hook-door.ts";
import { createCallerCheck, createToolsCheck } from "./hook-caller.ts";
import { openHookServer } from "./hook-server.ts";
import { openCallerVerdicts, TOOL_CALLERS_FILE } from "./hook-verdicts.ts";
import { openLedger } from "./ledger.ts";
import { buildPorts, type Env, type SessionProcessOptions } from "./ports.ts";
import { openSessionFile, type OpenSessionFile } from "./session-file.ts";
import { openSession, type RunningSession } from "./session.ts";
import { givenTools } from "./tools/given-tools.ts";

interface Place {
  home: string;
  dir: string;
  sessionFile: OpenSessionFile;
  hostSocket: string;
}

const agentPids = (host: HostControl): number[] => host.processes().map(({ pid }) => pid);

interface Built {
  session: RunningSession;
  /** Hooks may come in. */
  ready(): void;
}

async function build(env: Env, place: Place, host: HostControl, log: Logger, options: SessionProcessOptions): Promise<Built> {
  const { home, dir, sessionFile, hostSocket } = place;
  const { sessionId } = sessionFile.value;
  const ledger = await openLedger(dir);
  if (ledger.lostLines > 0) log.warn("ledger.lines_lost", { lines: ledger.lostLines });
  ledger.onFailure((cause) => {
    // Nothing from here on would be kept. The host starts a new process, which continues from what is on disk.
    log.error("ledger.write_failed", { cause });
    process.exit(1);
  });
  // A hook that comes while we start waits until the agent was taken over; its request must not fall into the gap.
  const ready = Promise.withResolvers<RunningSession>();
  const path = hookSocketPath(home, sessionId);
  const hookSockets = [path, hostSocket];
  const hookCommand = selfCommand("hook", ...hookSockets);
  const known = { dir, running: agentPids(host), isFirstProcess: ledger.state.facts.lastStart === null, log };
  const verdicts = openCallerVerdicts(known);
  const toolVerdicts = openCallerVerdicts({ ...known, file: TOOL_CALLERS_FILE });
  const callers = createCallerCheck({ command: hookCommand, verdicts });
  const token = hookToken(dir);
  const tools = givenTools({ sessionId, sockets: hookSockets, token });
  const hooks = await openHookServer({
    path,
    token,
    isAgents: (caller) => callers.isAgents(caller, agentPids(host)),
    refused: (caller) => log.warn("hook.refused", { caller }),
    onHook: async (payload, signal) => (await ready.promise).onHook(payload, signal),
    isTools: createToolsCheck({ sockets: hookSockets, command: tools.command, verdicts: toolVerdicts, agents: () => agentPids(host) }),
    onTool: async (call, id, signal) => (await ready.promise).onTool(call, id, signal),
  });
  const hookEnv = { [HOOK_TOKEN_ENV]: hooks.token };
  const session = await openSession(
    buildPorts(
      { env, home, dir, sessionFile, ledger, host, log, hookCommand, hookSockets, hookEnv, tools, closeHooks: hooks.close },
      options,
    ),
  );
  return { session, ready: () => ready.resolve(session) };
}

/** Resolves with the exit code. */
export async function runSessionProcess(ownEnv: Env, options: SessionProcessOptions = {}): Promise<number> {
  const dir = ownEnv[hostEnv.sessionDir];
  const address = hostAddressFromEnv(ownEnv);
  if (!dir || !address) throw new AppError("host_gone", "This process is started by a session host, not by hand");
  const env = withHubAccess(ownEnv, join(dir, HUB_ACCESS_FILE));
  const home = dirname(dirname(dir));
  const sessionFile = openSessionFile(dir);
  const level = env["HAPI_LOG_LEVEL"] === "debug" ? "debug" : "info";
  const log = createLogger({ name: "session", file: join(logDir(home), `session-${sessionFile.value.sessionId}.log`), level });
  const host = await connectHost(address);
  const gone = Promise.withResolvers<number>();
  host.on("lost", () => gone.resolve(0));
  let session: RunningSession;
  try {
    const built = await build(env, { home, dir, sessionFile, hostSocket: address.socket }, host, log, options);
    session = built.session;
    process.on(
      "SIGTERM",
      () =>
        void session.release().then(
          () => gone.resolve(0),
          () => gone.resolve(1),
        ),
    );
    // An agent's first hook may be part of its start: from the moment it can run, hooks come through. A start whose host is killed may wait long
    // for its agent; meanwhile the session may have another process.
    const begun = session.begin(built.ready);
    ignore(begun, "where the host is gone, so is what it failed at");
    const over = await Promise.race([begun.then(() => null), gone.promise]);
    if (over !== null) return over;
  } catch (cause) {
    const error = toAppError(cause);
    log.error("session.failed", { code: error.code, message: error.message, cause: String(error.cause ?? "") });
    await host.shutdown({ exitCode: 1, message: error.message });
    return 1;
  }
  return Promise.race([session.ended, gone.promise]);
}
