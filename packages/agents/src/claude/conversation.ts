/**
 * One session's Claude: which front runs, and everything the session asks of it. The fronts do the work; here are the rules that hold for both:
 * one process at a time, durable marks before bytes, and the same answers whether a process runs or not.
 */
import { AppError } from "@hapi/protocol";
import type { HostProcess, TypedLine } from "@hapi/host";
import { LATE, within } from "@hapi/platform/lean";
import type { BegunByHost, Conversation, DriverContext, DriverPrompt, Front, RequestAnswer, Started, StartOptions } from "../driver.ts";
import { ANSWER_MS, ControlRefused } from "./control.ts";
import { createCore } from "./core.ts";
import { takesPrefill } from "./detect.ts";
import { claudeEnv, requireBypass } from "./environment.ts";
import { createHanding } from "./handing.ts";
import { MAX_ATTEMPTS, promptUuid } from "./ids.ts";
import { type Json, isJson, list, str } from "./json.ts";
import { planLaunch } from "./launch.ts";
import { createLocalFront, type LocalFront, type LocalOptions } from "./local-front.ts";
import { transcriptPath } from "./paths.ts";
import { contentOf } from "./prompt-content.ts";
import { createRemoteFront, type RemoteFront } from "./remote-front.ts";
import { decisionOf } from "./requests.ts";
import { retryLastTurn } from "./retry.ts";
import { watchSecondProcess } from "./second-process.ts";
import { type ClaudeContext, ownSystem, type System } from "./system.ts";
import { findPrompts } from "./transcript-file.ts";
import { PATIENCE, type Patience } from "./witness.ts";

const GONE_MS = 3_000;
const MAX_EARLY = 200;
/** Claude repeats an answer on stdout when it takes it. */
const ANSWER_TAKEN_MS = 10_000;
/** What the protocol takes; HAPI offers fewer. */
const CLAUDE_MODES: ReadonlySet<string> = new Set(["default", "acceptEdits", "plan", "auto", "dontAsk", "bypassPermissions"]);

type Model = { id: string; name: string };
type Running = { front: "remote"; remote: RemoteFront } | { front: "local"; local: LocalFront };

export function createConversation(
  given: DriverContext,
  { answerMs = ANSWER_MS, patience = PATIENCE, system = ownSystem }: { answerMs?: number; patience?: Patience; system?: System } = {},
): Conversation {
  const context: ClaudeContext = { ...given, system };
  const core = createCore(context, patience);
  const second = watchSecondProcess(core);
  let running: Running | null = null;
  let starting = false;
  /** What was typed into a Claude that is not taken up yet; null: that is behind us. */
  let early: TypedLine[] | null = [];
  let models: Model[] = [];

  const remote = (): RemoteFront => {
    if (running?.front !== "remote")
      throw new AppError(running ? "local_control" : "agent_away", running ? undefined : "The agent is not running");
    return running.remote;
  };

  function runRemote(process: HostProcess): RemoteFront {
    const remote = createRemoteFront(core, process, () => gone(remote), answerMs);
    running = { front: "remote", remote };
    second.follow(process.pid);
    return remote;
  }

  function runLocal(process: HostProcess, line: LocalOptions): LocalFront {
    const local = createLocalFront(core, process, () => gone(local), line);
    running = { front: "local", local };
    second.follow(process.pid);
    return local;
  }

  /** The process whose front ended is nobody's any more. */
  function gone(front: RemoteFront | LocalFront): void {
    if (running && (running.front === "remote" ? running.remote : running.local) === front) {
      running = null;
      second.rest();
    }
  }

  async function requireNothingRuns(): Promise<void> {
    const last = core.lastLaunch();
    const process = last && context.host.process(last.id);
    if (running || (process && !(await hasExited(process))))
      throw new AppError("session_active", "The agent of this session is running already");
  }

  async function start(options: StartOptions): Promise<Started> {
    if (starting) throw new AppError("session_active", "The agent of this session is starting already");
    starting = true;
    try {
      await requireNothingRuns();
      return await startFront(options);
    } finally {
      starting = false;
    }
  }

  async function startFront(options: StartOptions): Promise<Started> {
    const found = await system.detect(context.env, context.program);
    if (!found.available)
      throw new AppError(found.reason === "unsupported_version" ? "agent_unsupported_version" : "agent_not_installed", found.hint);
    const first = core.lastLaunch() === undefined;
    const prefill = options.front === "local" && takesPrefill(found.version) ? options.prefill : undefined;
    const { thread, argv, env } = planLaunch(core, found.command, { ...options, prefill }, first);
    if (thread.kind === "resume") await core.requireAlone(thread.threadId);
    if (thread.kind === "fork") await core.useThread(thread.threadId, { forkOf: transcriptPath(context, thread.from) });
    else if (thread.kind !== "theirs") await core.useThread(thread.threadId);
    const launch = await core.nextLaunch(options.front);
    const kind = options.front === "remote" ? "pipe" : "pty";
    const process = await context.host.spawn({
      launchId: launch.id,
      kind,
      argv,
      cwd: context.cwd,
      env,
      cols: options.cols,
      rows: options.rows,
    });
    if (options.front === "local") await runLocal(process, { line: prefill ?? "" }).begin();
    else await beginRemote(process);
    if (options.front === "remote" && options.permissionMode !== undefined) core.setMode(options.permissionMode);
    // A picker in the terminal continues what the person picks there.
    return { how: thread.kind === "theirs" ? "resume" : thread.kind, ...(prefill === undefined ? {} : { prefilled: true }) };
  }

  async function beginRemote(process: HostProcess): Promise<void> {
    const front = runRemote(process);
    try {
      const answer = await front.begin();
      models = modelsOf(answer["models"]);
      context.emit({ type: "facts", models });
    } catch (cause) {
      await front.stop({ graceMs: 0, interrupt: false });
      throw cause;
    }
  }

  function takeOverLocal(process: HostProcess, line: string | null): void {
    const local = runLocal(process, { line });
    local.takeOver();
    for (const typed of early ?? []) local.typed(typed);
  }

  async function adopt(begun?: BegunByHost): Promise<Front | null> {
    const process = begun && context.host.process(begun.launchId);
    if (!begun || !process || core.lastLaunch()?.id === begun.launchId) return adoptLast();
    // Nothing of a former launch lives: whoever began this one has seen to it.
    await adoptLast();
    await core.useThread(begun.threadId, { isNew: begun.how === "new" });
    await core.nextLaunch("local", begun.launchId);
    takeOverLocal(process, "");
    return "local";
  }

  async function adoptLast(): Promise<Front | null> {
    const { thread } = core;
    const last = core.lastLaunch();
    const process = last && context.host.process(last.id);
    if (last?.over !== true && process?.kind === "pipe") core.outputIsRead();
    if (thread) await core.useThread(thread.id, thread);
    if (!last || last.over) return null;
    if (!process || (await hasExited(process))) {
      await finishUnseen(last.id, process);
      return null;
    }
    await core.feed?.sync();
    if (last.front === "local") takeOverLocal(process, null);
    else await runRemote(process).takeOver();
    context.emit({ type: "thinking", thinking: core.thinking });
    core.background.announce();
    return last.front;
  }

  /** It ended while nobody looked: what it still said is told, and what it left open is ended. */
  async function finishUnseen(launchId: string, process: HostProcess | undefined): Promise<void> {
    if (process?.kind === "pipe") {
      const front = createRemoteFront(core, process, () => undefined, answerMs);
      await front.takeOver();
      await front.ended;
      return;
    }
    await core.finish({ launchId });
    context.emit({ type: "thinking", thinking: false });
  }

  const handing = createHanding({ core, running: () => (running?.front === "remote" ? running.remote : null), lookup, answerMs });

  async function handTo<T>(work: (front: RemoteFront, send: RemoteFront["send"]) => Promise<T>): Promise<T> {
    const front = remote();
    return await handing.hand(front, (send) => work(front, send));
  }

  /** A Claude that does not read has it before it all the same: it can be taken back, and its end is told when the process ends. */
  const retry = (): Promise<void> =>
    handTo((front, send) =>
      retryLastTurn(core, front, async (line, inputId) => {
        if (!(await handing.inTime(send(line, inputId)))) context.log.warn("claude.retry_unread", { waitedMs: answerMs });
      }),
    );

  async function prompt(given: DriverPrompt, front: RemoteFront, send: RemoteFront["send"]): Promise<void> {
    if ((await lookup(given.localId)) === "present") throw new AppError("session_conflict", "This prompt was handed to the agent already");
    const content = await contentOf(given);
    const uuid = uuidsOf(given.localId).find((one) => !core.prompts.isSpent(one));
    if (uuid === undefined)
      throw new AppError("session_conflict", "This prompt was sent and taken back too often. Send its words as a new one");
    const { inputId } = await core.prompts.add({
      uuid,
      localId: given.localId,
      text: given.text,
      attachments: given.attachments,
      earlier: given.earlier,
      launchId: front.process.launchId,
    });
    const line: Json = {
      type: "user",
      message: { role: "user", content },
      parent_tool_use_id: null,
      session_id: core.thread?.id ?? "",
      uuid,
    };
    await send(line, inputId);
    if (core.prompts.find(given.localId)?.recorded === false) context.emit({ type: "stage", localId: given.localId, stage: "handed" });
  }

  const uuidsOf = (localId: string): string[] =>
    Array.from({ length: MAX_ATTEMPTS }, (_, attempt) => promptUuid(context.sessionId, localId, attempt));

  async function lookup(localId: string): Promise<"present" | "absent" | "unknown"> {
    const pending = core.prompts.find(localId);
    if (pending?.recorded) return "present";
    // What the host wrote into a living process will be taken up.
    if (pending && running?.front === "remote" && running.remote.process.launchId === pending.launchId) {
      if ((await running.remote.process.lastInputId()) >= pending.inputId) return "present";
    }
    if (!core.thread) return "absent";
    const transcript = core.transcript();
    // A record that was there and is gone says nothing of what stood in it.
    if (transcript === undefined) return core.hadPast ? "unknown" : "absent";
    try {
      return (await findPrompts(system.files, transcript, uuidsOf(localId))).size > 0 ? "present" : "absent";
    } catch (cause) {
      context.log.warn("claude.transcript_unreadable", { cause });
      return "unknown";
    }
  }

  async function answer(requestId: string, given: RequestAnswer): Promise<"applied" | "sent" | "gone"> {
    if (running?.front === "local") return await running.local.hooks.answer(requestId, given);
    const open = core.requests.get(requestId);
    if (!open?.controlId || running?.front !== "remote") return "gone";
    const closed = core.requests.closed(requestId);
    const response = { subtype: "success", request_id: open.controlId, response: decisionOf(open, given) };
    await running.remote.send({ type: "control_response", response });
    const closing = await within(context.clock, ANSWER_TAKEN_MS, closed);
    if (closing === LATE || closing === null) return "sent";
    return closing.by === "remote" ? "applied" : "gone";
  }

  async function setPermissionMode(mode: string): Promise<void> {
    const front = remote();
    if (!CLAUDE_MODES.has(mode)) throw new AppError("invalid_mode");
    if (mode === "bypassPermissions") requireBypass(claudeEnv(context.env));
    try {
      await front.control.request("set_permission_mode", { mode });
    } catch (cause) {
      throw refused(cause);
    }
    core.setMode(mode);
  }

  async function setModel(model: string | null): Promise<void> {
    try {
      await remote().control.request("set_model", { model: model ?? "default" });
    } catch (cause) {
      throw refused(cause);
    }
    context.emit({ type: "model", model });
  }

  async function listModels(): Promise<Model[]> {
    if (running?.front !== "remote") return models;
    models = modelsOf((await running.remote.control.request("list_models"))["models"]);
    return models;
  }

  async function stop(options: { graceMs: number; interrupt?: boolean }): Promise<void> {
    const now = running;
    const how = { graceMs: options.graceMs, interrupt: options.interrupt === true };
    if (now?.front === "remote") await now.remote.stop(how);
    if (now?.front === "local") await now.local.stop(how);
    if (!(await core.untilAlone(GONE_MS))) throw new AppError("thread_in_use", "Another process has taken this conversation");
  }

  return {
    start,
    adopt: (begun) => adopt(begun).finally(() => (early = null)),
    prompt: (given) => handTo((front, send) => prompt(given, front, send)),
    withdraw: handing.withdraw,
    lookup,
    retry,
    withdrawRetry: handing.withdrawRetry,
    answer,
    interrupt: () => (running?.front === "local" ? running.local.interrupt() : handing.interrupt()),
    setPermissionMode,
    setModel,
    listModels,
    async onHook(payload, signal) {
      if (running?.front === "local") return await running.local.hooks.onHook(payload, signal);
      // A driven Claude says everything else on its stdout; its timers only here.
      if (running && isJson(payload) && payload["hook_event_name"] === "Stop") core.background.stopped(payload);
      return {};
    },
    typed(line) {
      if (running?.front === "local") running.local.typed(line);
      else if (early) early = [...early, line].slice(-MAX_EARLY);
    },
    get busy() {
      return running?.front === "remote" ? running.remote.busy : running?.front === "local" ? running.local.busy : false;
    },
    get front() {
      return running?.front ?? null;
    },
    get threadId() {
      return core.thread?.id ?? null;
    },
    get unknownWords() {
      return core.feed?.parser.state.unknown ?? {};
    },
    async settled() {
      const front = running?.front === "remote" ? running.remote : running?.local;
      if (front?.ending) await front.ended;
    },
    stop,
    async [Symbol.asyncDispose]() {
      const now = running;
      running = null;
      second.close();
      if (now?.front === "remote") await now.remote.detach();
      if (now?.front === "local") await now.local.detach();
      await core.dispose();
    },
  };
}

/** Settled promises win a race in order, so a process that is gone already is told apart without waiting. */
async function hasExited(process: HostProcess): Promise<boolean> {
  const tick = new Promise<false>((resolve) => setImmediate(() => resolve(false)));
  return await Promise.race([process.exited.then(() => true), tick]);
}

function modelsOf(value: unknown): Model[] {
  return list(value)
    .filter(isJson)
    .map((model) => ({ id: str(model["value"]) ?? "", name: str(model["displayName"]) ?? str(model["value"]) ?? "" }))
    .filter((model) => model.id !== "");
}

function refused(cause: unknown): unknown {
  return cause instanceof ControlRefused ? new AppError("apply_failed", cause.message, { cause }) : cause;
}
