/** `hapi runner …`: the background daemon that starts sessions on this machine for the web app and the API. */
import { askRunner, findLivingSessions, readRunnerState, RESTART_EXIT_CODE, runnerEnv, runnerPaths, runRunner } from "@hapi/machine/runner";
import {
  become,
  createLogger,
  delay,
  ensurePrivateDir,
  hapiHome,
  isAlive,
  logDir,
  selfCommand,
  showsHubAccess,
  spawnDetached,
  systemClock,
} from "@hapi/platform";
import { AppError, toAppError } from "@hapi/protocol";
import { byVerb, isSet, type Command, type CommandContext, type ParsedWords } from "../command.ts";
import { hubAddress } from "../hub-address.ts";
import { tailOf } from "../log-tail.ts";
import { isUsable, lineOf, refusalText } from "../runner-line.ts";
import { table } from "../tui/terminal.ts";
import { age } from "../tui/words.ts";
import { cliVersion } from "../version.ts";

const START_DEADLINE_MS = 15_000;
/** A hub that is there takes a runner in a moment; one that is away is waited for by the runner, not by who started it. */
const HUB_MS = 4_000;
const LOOK_MS = 50;
/** Set for a runner that `hapi runner start` left alone: nobody but itself can start it again. */
const ALONE_ENV = "HAPI_RUNNER_ALONE";

export const runnerCommand: Command = {
  name: "runner",
  summary: "Start, stop and inspect this machine's runner",
  usage: "start | stop | status | list | logs | stop-session <id> | run",
  options: {
    "workspace-root": { type: "string", multiple: true, value: "DIR", help: "only these folders may be browsed and used (repeatable)" },
    json: { type: "boolean", help: "print JSON" },
  },
  takes: {
    verbs: {
      "": { options: ["json"] },
      status: { options: ["json"] },
      list: { options: ["json"] },
      logs: { options: ["json"] },
      stop: { options: ["json"] },
      "stop-session": { words: 1, options: ["json"] },
      start: {},
      "start-sync": {},
      run: { options: ["workspace-root"] },
    },
  },
  examples: [
    "hapi runner start                         in the background",
    "hapi runner start --workspace-root ~/src",
    "hapi runner status --json",
    "hapi runner list                          sessions that live on this machine",
    "hapi runner run                           in the foreground, for a service manager",
  ],
  run: runRunnerCommand,
};

async function runRunnerCommand(words: ParsedWords, context: CommandContext): Promise<number> {
  const verb = words.positionals[0] ?? "status";
  const verbs: Record<string, () => Promise<number>> = {
    run: () => runInForeground(words, context),
    start: () => start(words, context),
    "start-sync": () => start(words, context),
    stop: () => stop(words, context),
    status: () => status(words, context),
    list: () => list(words, context),
    logs: () => logs(context),
    "stop-session": () => stopSession(words, context),
  };
  return byVerb(verbs, verb, "runner")();
}

function rootsOf(words: ParsedWords): string[] {
  const roots = words.values["workspace-root"];
  return Array.isArray(roots) ? roots : [];
}

async function runInForeground(words: ParsedWords, context: CommandContext): Promise<number> {
  const home = hapiHome(context.env);
  // Whoever runs as this user reads a process's environment: this one becomes one without.
  if (showsHubAccess(context.env)) return become(selfCommand("runner", "run", ...rootWords(words)), runnerEnv(home, context.env));
  const log = createLogger({ name: "runner", file: `${ensurePrivateDir(logDir(home))}/runner.log` });
  const ended = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => ended.abort());
  const runner = await runRunner({
    env: { ...context.env, HAPI_API_URL: hubAddress(context.env).url },
    version: cliVersion,
    workspaceRoots: rootsOf(words),
    log,
    signal: ended.signal,
  });
  const reason = await runner.stopRequested;
  log.info("runner.stopping", { reason });
  await runner.close();
  if (reason !== "hub") return 0;
  if (context.env[ALONE_ENV] !== "1") return RESTART_EXIT_CODE;
  const next = spawnAlone(words, context, home);
  log.info("runner.restarts", { pid: next.pid });
  return 0;
}

const rootWords = (words: ParsedWords): string[] => rootsOf(words).flatMap((root) => ["--workspace-root", root]);

function spawnAlone(words: ParsedWords, context: CommandContext, home: string): ReturnType<typeof spawnDetached> {
  return spawnDetached(selfCommand("runner", "run", ...rootWords(words)), {
    cwd: home,
    env: { ...runnerEnv(home, context.env), [ALONE_ENV]: "1" },
    logFile: outputFile(home),
  });
}

const outputFile = (home: string): string => `${ensurePrivateDir(logDir(home))}/runner.out.log`;

async function start(words: ParsedWords, context: CommandContext): Promise<number> {
  const home = hapiHome(context.env);
  const paths = runnerPaths(home);
  if (await askRunner(paths, "status")) {
    const { pid } = readRunnerState(home) ?? {};
    if (isSet(words, "json")) context.terminal.json({ started: false, pid: pid ?? null });
    else context.terminal.out("The runner is already running. See: hapi runner status");
    return 0;
  }
  const child = spawnAlone(words, context, home);
  const failed = child.exited.then(() => {
    throw new AppError("spawn_failed", `The runner ended at once: ${lastLine(outputFile(home))}`);
  });
  const line = await Promise.race([failed, untilAnswering(home)]);
  if (!isUsable(line)) {
    const url = hubAddress(context.env).url;
    context.terminal.note(context.paint.waiting(`Its hub at ${url} does not answer yet; it is waited for. See: hapi runner status`));
  }
  if (isSet(words, "json")) context.terminal.json({ started: true, pid: child.pid });
  else context.terminal.out(`The runner is running (pid ${child.pid}).`);
  return 0;
}

/** How its line to the hub stands, as soon as it does or can be waited for no longer. */
async function untilAnswering(home: string): Promise<ReturnType<typeof lineOf>> {
  const startedAt = systemClock.now();
  for (;;) {
    const answer = await askRunner(runnerPaths(home), "status").catch((cause: unknown) => {
      // It went down in the middle of the answer: its end says why.
      if (toAppError(cause).code === "not_ready") return null;
      throw cause;
    });
    const passed = systemClock.now() - startedAt;
    if (answer && (isUsable(lineOf(answer)) || passed > HUB_MS)) return lineOf(answer);
    if (!answer && passed > START_DEADLINE_MS) throw new AppError("timeout", "The runner did not come up. See: hapi runner logs");
    await delay(LOOK_MS, { clock: systemClock });
  }
}

async function stop(words: ParsedWords, context: CommandContext): Promise<number> {
  const home = hapiHome(context.env);
  const state = readRunnerState(home);
  const answer = await askRunner(runnerPaths(home), "stop");
  const wasRunning = answer !== null || (state !== null && isAlive(state));
  if (!answer && state && wasRunning) process.kill(state.pid, "SIGTERM");
  if (isSet(words, "json")) context.terminal.json({ stopped: wasRunning, pid: wasRunning ? (state?.pid ?? null) : null });
  else context.terminal.out(wasRunning ? "The runner is stopping. Its sessions go on." : "No runner is running.");
  return 0;
}

async function status(words: ParsedWords, context: CommandContext): Promise<number> {
  const answer = (await askRunner(runnerPaths(hapiHome(context.env)), "status")) as null | Record<string, unknown>;
  if (isSet(words, "json")) context.terminal.json({ running: answer !== null, ...answer });
  else if (!answer) context.terminal.out("No runner is running. Start it with: hapi runner start");
  else {
    const rows = [
      ["Runner", `running, pid ${String(answer["pid"])}`],
      ["Since", age(Number(answer["startedAt"]), systemClock.now())],
      ["Hub", lineText(answer, context)],
      ["Machine", String(answer["machineId"])],
      ["Version", String(answer["version"])],
      [
        "After a reboot",
        answer["sessionPreservation"] === "resume" ? "running sessions start again" : "sessions wait until you resume them",
      ],
      ["Sessions", sinceItsStart(answer)],
    ];
    // Not cut: the next step stands at the end.
    context.terminal.out(table(rows, Number.POSITIVE_INFINITY));
  }
  return answer === null ? 3 : isUsable(lineOf(answer)) ? 0 : 1;
}

function lineText(answer: Record<string, unknown>, { paint }: CommandContext): string {
  const url = String(answer["hubUrl"]);
  const line = lineOf(answer);
  if (line === null || line.connected) return `${url}${line ? `  ${paint.good("connected")}` : ""}`;
  return `${url}  ${line.refused ? paint.bad(refusalText(line.refused)) : paint.waiting(`not connected for ${age(line.since, systemClock.now())}`)}`;
}

/** What it found when it started, and what it did for sessions that had lost their host. */
function sinceItsStart(answer: Record<string, unknown>): string {
  const lost = (answer["lost"] ?? []) as { fate: string }[];
  const resumed = lost.filter(({ fate }) => fate === "resumed").length;
  const adopted = ((answer["adopted"] ?? []) as string[]).length;
  return `${adopted} adopted at its start, ${resumed} resumed, ${lost.length - resumed} shown as interrupted`;
}

async function list(words: ParsedWords, context: CommandContext): Promise<number> {
  const sessions = await findLivingSessions(hapiHome(context.env));
  if (isSet(words, "json")) context.terminal.json({ sessions });
  else if (sessions.length === 0) context.terminal.out("No session lives on this machine.");
  else {
    const now = systemClock.now();
    const head = ["SESSION", "AGENT", "AGE", "VIEWERS", "STATE", "DIRECTORY"].map(context.paint.dim);
    const rows = sessions.map((session) => [
      session.sessionId.slice(0, 8),
      session.flavor,
      age(session.startedAt, now),
      String(session.viewers),
      session.agentPids.length > 0 ? context.paint.good("running") : context.paint.dim("parked"),
      session.directory,
    ]);
    context.terminal.out(table([head, ...rows], context.terminal.columns));
  }
  return 0;
}

async function logs(context: CommandContext): Promise<number> {
  context.terminal.out(tailOf(`${logDir(hapiHome(context.env))}/runner.log`) ?? "The runner has not written a log yet.");
  return 0;
}

async function stopSession(words: ParsedWords, context: CommandContext): Promise<number> {
  const wanted = words.positionals[1];
  if (!wanted) throw new AppError("invalid_query", "hapi runner stop-session needs a session id. See: hapi runner list");
  const found = (await findLivingSessions(hapiHome(context.env))).filter((session) => session.sessionId.startsWith(wanted));
  const [session] = found;
  if (!session) throw new AppError("session_not_found", `No session that lives on this machine begins with "${wanted}".`);
  if (found.length > 1) throw new AppError("invalid_query", `"${wanted}" fits ${found.length} sessions; give more of the id.`);
  const { endSession } = await import("@hapi/machine/runner");
  const status = await endSession(hapiHome(context.env), session.sessionId);
  if (isSet(words, "json")) context.terminal.json({ sessionId: session.sessionId, status });
  else context.terminal.out(`${session.sessionId}: ${status.replaceAll("_", " ")}`);
  return 0;
}

const lastLine = (file: string): string => (tailOf(file, 1) ?? "no output").replace(/^hapi: /, "");
