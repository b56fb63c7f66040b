/**
 * Starts Claude in one of the fronts, on the conversation that `launch.ts` chose: never beside a living process, and with the conversation and the
 * launch durable before anything runs.
 */
import type { HostProcess } from "@hapi/host";
import { AppError } from "@hapi/protocol";
import type { Conversation, Started, StartOptions } from "../driver.ts";
import type { ThreadChoice } from "./argv.ts";
import type { Choices } from "./choices.ts";
import type { Core } from "./core.ts";
import { takesPrefill } from "./detect.ts";
import { hasExited } from "../shared/process-end.ts";
import type { Fronts } from "./fronts.ts";
import { type Launch, planLaunch } from "./launch.ts";
import { requireAlone } from "./live-sessions.ts";
import { transcriptPath } from "./paths.ts";
import type { ClaudeContext } from "./system.ts";

export interface StartParts {
  core: Core;
  fronts: Fronts;
  choices: Choices;
}

export function createStart(parts: StartParts): Pick<Conversation, "start"> {
  let isStarting = false;
  return {
    async start(options) {
      if (isStarting) throw new AppError("session_active", "The agent of this session is starting already");
      isStarting = true;
      try {
        await requireNothingRuns(parts);
        return await startFront(parts, options);
      } finally {
        isStarting = false;
      }
    },
  };
}

async function requireNothingRuns({ core, fronts }: StartParts): Promise<void> {
  const last = core.lastLaunch();
  const process = last && core.context.host.process(last.id);
  if (fronts.running || (process && !(await hasExited(process))))
    throw new AppError("session_active", "The agent of this session is running already");
}

async function startFront(parts: StartParts, options: StartOptions): Promise<Started> {
  const { core, fronts } = parts;
  const found = await findClaude(core.context);
  const first = core.lastLaunch() === undefined;
  const prefill = options.front === "local" && takesPrefill(found.version) ? options.prefill : undefined;
  const launch = planLaunch(core, found.command, { ...options, prefill }, first);
  await enterChosen(core, launch.thread);
  const process = await spawn(core, launch, options);
  if (options.front === "local") await fronts.runLocal(process, { line: prefill ?? "" }).begin();
  else await beginRemote(parts, process);
  if (options.front === "remote" && options.permissionMode !== undefined) core.setMode(options.permissionMode);
  // A picker in the terminal continues what the person picks there.
  const how = launch.thread.kind === "theirs" ? "resume" : launch.thread.kind;
  return { how, ...(prefill === undefined ? {} : { prefilled: true }) };
}

async function findClaude({ system, env, program, written }: ClaudeContext) {
  const found = await system.detect(env, program, written);
  if (found.available) return found;
  throw new AppError(found.reason === "unsupported_version" ? "agent_unsupported_version" : "agent_not_installed", found.hint);
}

async function enterChosen(core: Core, thread: ThreadChoice): Promise<void> {
  if (thread.kind === "theirs") return;
  if (thread.kind === "resume") await requireAlone(core.context, thread.threadId);
  await core.useThread(thread.threadId, thread.kind === "fork" ? { forkOf: transcriptPath(core.context, thread.from) } : {});
}

async function spawn(core: Core, { argv, env }: Launch, { front, cols, rows }: StartOptions): Promise<HostProcess> {
  const { id } = await core.nextLaunch(front);
  const kind = front === "remote" ? "pipe" : "pty";
  return await core.context.host.spawn({ launchId: id, kind, argv, cwd: core.context.cwd, env, cols, rows });
}

async function beginRemote({ fronts, choices }: StartParts, process: HostProcess): Promise<void> {
  const front = fronts.runRemote(process);
  try {
    choices.begun(await front.begin());
  } catch (cause) {
    await front.stop({ graceMs: 0, interrupt: false });
    throw cause;
  }
}
