/** The runner wired to the real hub, real hosts and this machine's settings: what `hapi runner run` does. */
import { allDrivers } from "@hapi/agents";
import { createHubApi } from "@hapi/client";
import { connectMachine, createCliRest } from "@hapi/client/link";
import {
  hapiHome,
  HUB_ACCESS_ENV,
  knownCliApiToken,
  loadSettings,
  resolveApiUrl,
  resolveMachineId,
  runCommand,
  runningHub,
  selfCommand,
  sessionDir,
  systemClock,
  type Logger,
  withHubAccess,
} from "@hapi/platform";
import { AppError } from "@hapi/protocol";
import { isSameHub, namespaceOf } from "../outbox/kept-prompts.ts";
import { watchOutbox } from "../outbox/watch-outbox.ts";
import { hubNow, type KnownHub } from "../session/hub-address.ts";
import { firstRow } from "../session/row-at-hub.ts";
import { startSession } from "../session/start-session.ts";
import { SETTLE_WORD, settleExit } from "../session/settle-word.ts";
import { runnerEnv } from "./runner-env.ts";
import { startRunner, type Runner } from "./runner.ts";

/** Longer than a start of another host may hold its lock, and the last words to a slow hub. */
const SETTLE_MS = 60_000;

export interface RunRunnerOptions {
  env: Readonly<Record<string, string | undefined>>;
  version: string;
  workspaceRoots: readonly string[];
  log: Logger;
  /** The process is to end. */
  signal?: AbortSignal;
}

/** `ownEnv`: for what is started; `env`: what is known. */
function placeOf(given: RunRunnerOptions["env"]) {
  const home = hapiHome(given);
  const ownEnv = runnerEnv(home, given);
  return { home, ownEnv, env: withHubAccess(ownEnv, ownEnv[HUB_ACCESS_ENV]) };
}

export async function runRunner(options: RunRunnerOptions): Promise<Runner> {
  const { version, log } = options;
  const { home, ownEnv, env } = placeOf(options.env);
  const { url } = resolveApiUrl(env);
  const token = knownCliApiToken(env);
  if (!token) throw new AppError("missing_token", "This machine does not know the hub's token. Run: hapi auth login");
  const machineId = await resolveMachineId(env);
  let known: KnownHub = { hubUrl: url };
  const hubUrl = (): string => {
    known = hubNow(home, known);
    return known.hubUrl;
  };
  const rest = createCliRest({ hubUrl, token, clock: systemClock });
  const preservation = loadSettings(home)["sessionPreservation"];
  const runner = await startRunner({
    home,
    version,
    machineId,
    hubUrl,
    env: ownEnv,
    workspaceRoots: options.workspaceRoots,
    sessionPreservation: preservation === "resume" ? "resume" : "adopt",
    drivers: () => allDrivers(home),
    connect: (metadata, signal) =>
      connectMachine({ signal, hubUrl, token, machineId, metadata, log: (event, fields) => log.info(event, fields) }),
    startHost: async (sessionFile) => {
      const started = await startSession(sessionFile, { home, env });
      return { isNew: !started.joined };
    },
    register: async (sessionFile) => {
      await rest.createSession(firstRow(sessionFile, systemClock.now()));
    },
    settle: async (sessionFile) => {
      const argv = selfCommand("__session", SETTLE_WORD, sessionDir(home, sessionFile.sessionId));
      const { code } = await runCommand(argv, { cwd: home, env: { ...ownEnv, HAPI_HOME: home }, timeoutMs: SETTLE_MS });
      // A host lives after all: nothing to say.
      return code === settleExit.settled || code === settleExit.hostLives;
    },
    log,
    clock: systemClock,
    ...(options.signal ? { signal: options.signal } : {}),
  });
  const outbox = watchOutbox({
    home,
    // The hub of this home may come back elsewhere.
    hub: () => {
      const now = hubUrl();
      return { url: now, isOwn: isSameHub(runningHub(home)?.url ?? "", now), namespace: namespaceOf(token) };
    },
    api: (now) => createHubApi({ baseUrl: now, accessToken: () => token }),
    log,
    clock: systemClock,
  });
  return {
    ...runner,
    async close() {
      await outbox.close();
      await runner.close();
    },
  };
}
