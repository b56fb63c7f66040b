/** The runner wired to the real hub, real hosts and this machine's settings: what `hapi runner run` does. */
import { allDrivers } from "@hapi/agents";
import { connectMachine, createCliRest } from "@hapi/client/link";
import { startHost } from "@hapi/host";
import {
  hapiHome,
  knownCliApiToken,
  loadSettings,
  resolveApiUrl,
  resolveMachineId,
  runCommand,
  selfCommand,
  sessionDir,
  systemClock,
  type Logger,
} from "@hapi/platform";
import { AppError } from "@hapi/protocol";
import { firstMetadata } from "../session/first-metadata.ts";
import { SETTLE_WORD, settleExit } from "../session/settle-word.ts";
import { startRunner, type Runner } from "./runner.ts";

/** Longer than a start of another host may hold its lock, and the last words to a slow hub. */
const SETTLE_MS = 60_000;

export interface RunRunnerOptions {
  env: Readonly<Record<string, string | undefined>>;
  version: string;
  workspaceRoots: readonly string[];
  log: Logger;
}

export async function runRunner(options: RunRunnerOptions): Promise<Runner> {
  const { env, version, log } = options;
  const home = hapiHome(env);
  const { url } = resolveApiUrl(env);
  const token = knownCliApiToken(env);
  if (!token) throw new AppError("missing_token", "This machine does not know the hub's token. Run: hapi auth login");
  const machineId = await resolveMachineId(env);
  const rest = createCliRest({ hubUrl: url, token, clock: systemClock });
  const preservation = loadSettings(home)["sessionPreservation"];
  return startRunner({
    home,
    version,
    machineId,
    hubUrl: url,
    env,
    workspaceRoots: options.workspaceRoots,
    sessionPreservation: preservation === "resume" ? "resume" : "adopt",
    drivers: () => allDrivers(home),
    connect: (metadata) => connectMachine({ hubUrl: url, token, machineId, metadata, log: (event, fields) => log.info(event, fields) }),
    startHost: async (record) => {
      const started = await startHost({ home, sessionId: record.sessionId, sessionArgv: selfCommand("__session"), env, cwd: record.cwd });
      return { isNew: !started.joined };
    },
    register: async (record) => {
      await rest.createSession({
        id: record.sessionId,
        tag: record.tag,
        metadata: firstMetadata(record, systemClock.now()),
        agentState: null,
        model: record.model ?? null,
      });
    },
    settle: async (record) => {
      const argv = selfCommand("__session", SETTLE_WORD, sessionDir(home, record.sessionId));
      const { code } = await runCommand(argv, { cwd: home, env: { ...env, HAPI_HOME: home }, timeoutMs: SETTLE_MS });
      // A host lives after all: nothing to say.
      return code === settleExit.settled || code === settleExit.hostLives;
    },
    log,
    clock: systemClock,
  });
}
