/**
 * One session's Claude: which front runs, and everything the session asks of it. The fronts do the work; here are the rules that hold for both:
 * one process at a time, durable marks before bytes, and the same answers whether a process runs or not.
 */
import { AppError } from "@hapi/protocol";
import type { HostProcess } from "@hapi/host";
import type { Conversation, DriverContext, DriverPrompt, Front, RequestAnswer, Started, StartOptions } from "../driver.ts";
import { ANSWER_MS, ControlRefused } from "./control.ts";
import { createCore } from "./core.ts";
import { detectClaude } from "./detect.ts";
import { claudeEnv, requireBypass } from "./environment.ts";
import { MAX_ATTEMPTS, promptUuid } from "./ids.ts";
import type { AskedBack } from "./prompts.ts";
import { type Json, isJson, list, str } from "./json.ts";
import { planLaunch } from "./launch.ts";
import { createLocalFront, type LocalFront } from "./local-front.ts";
import { transcriptPath } from "./paths.ts";
import { contentOf } from "./prompt-content.ts";
import { createRemoteFront, type RemoteFront } from "./remote-front.ts";
import { decisionOf } from "./requests.ts";
import { retryLastTurn } from "./retry.ts";
import { commitMarks, type PendingPrompt } from "./state.ts";
import { findPrompts } from "./transcript-file.ts";

const GONE_MS = 3_000;
/** Claude repeats an answer on stdout when it takes it. */
const ANSWER_TAKEN_MS = 10_000;
/** What becomes of a prompt that was asked back stands on stdout beside the answer. */
const FATE_MS = 5_000;
const NOT_HANDED = "A prompt is still on its way to the agent and could not be taken back. Try again, or end the session";

/** What the protocol takes; HAPI offers fewer. */
const CLAUDE_MODES: ReadonlySet<string> = new Set(["default", "acceptEdits", "plan", "auto", "dontAsk", "bypassPermissions"]);

type Model = { id: string; name: string };
type Running = { front: "remote"; remote: RemoteFront } | { front: "local"; local: LocalFront };

export function createConversation(context: DriverContext, { answerMs = ANSWER_MS }: { answerMs?: number } = {}): Conversation {
  const core = createCore(context);
  let running: Running | null = null;
  let starting = false;
  let models: Model[] = [];

  const remote = (): RemoteFront => {
    if (running?.front !== "remote")
      throw new AppError(running ? "local_control" : "agent_away", running ? undefined : "The agent is not running");
    return running.remote;
  };

  function runRemote(process: HostProcess): RemoteFront {
    const remote = createRemoteFront(core, process, () => gone(remote), answerMs);
    running = { front: "remote", remote };
    return remote;
  }

  function runLocal(process: HostProcess): LocalFront {
    const local = createLocalFront(core, process, () => gone(local));
    running = { front: "local", local };
    return local;
  }

  /** The process whose front ended is nobody's any more. */
  function gone(front: RemoteFront | LocalFront): void {
    if (running && (running.front === "remote" ? running.remote : running.local) === front) running = null;
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
    const found = await detectClaude(context.env);
    if (!found.available)
      throw new AppError(found.reason === "unsupported_version" ? "agent_unsupported_version" : "agent_not_installed", found.hint);
    const first = core.lastLaunch() === undefined;
    const { thread, argv, env } = planLaunch(core, found.command, options, first);
    if (thread.kind === "resume") await core.requireAlone(thread.threadId);
    if (thread.kind === "fork") await core.useThread(thread.threadId, { forkOf: transcriptPath(context.env, context.cwd, thread.from) });
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
    if (options.front === "local") await beginLocal(process);
    else await beginRemote(process);
    if (options.front === "remote" && options.permissionMode !== undefined) core.setMode(options.permissionMode);
    // A picker in the terminal continues what the person picks there.
    return { how: thread.kind === "theirs" ? "resume" : thread.kind };
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

  async function beginLocal(process: HostProcess): Promise<void> {
    await runLocal(process).begin();
  }

  async function adopt(): Promise<Front | null> {
    const { thread } = core;
    if (thread) await core.useThread(thread.id, thread);
    const last = core.lastLaunch();
    const process = last && context.host.process(last.id);
    if (!last || last.over) return null;
    if (!process || (await hasExited(process))) {
      await finishUnseen(last.id, process);
      return null;
    }
    await core.feed?.sync();
    if (last.front === "local") runLocal(process).takeOver();
    else await runRemote(process).takeOver();
    context.emit({ type: "thinking", thinking: core.thinking });
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

  /**
   * What is being handed, until its line is with the host: taking back waits for that, or its own line would come before. From there on lines
   * keep their order, and a Claude that does not read them is not waited for.
   */
  let handing: Promise<unknown> = Promise.resolve();

  async function hand<T>(work: (front: RemoteFront, send: RemoteFront["send"]) => Promise<T>): Promise<T> {
    const front = remote();
    const sent = Promise.withResolvers<void>();
    const mine = work(front, (line, inputId) => {
      const written = front.send(line, inputId);
      sent.resolve();
      return written;
    });
    handing = Promise.allSettled([handing, Promise.race([sent.promise, mine])]);
    return await mine;
  }

  async function inTime(work: Promise<unknown>): Promise<boolean> {
    const late = Promise.withResolvers<false>();
    const timer = setTimeout(() => late.resolve(false), answerMs);
    try {
      return await Promise.race([work.then(() => true), late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** False: something is still being handed, held up by a hub that is away for long. */
  const handedAll = (): Promise<boolean> => inTime(handing);

  /** A Claude that does not read has it before it all the same: it can be taken back, and its end is told when the process ends. */
  const retry = (): Promise<void> =>
    hand((front, send) =>
      retryLastTurn(core, front, async (line, inputId) => {
        if (!(await inTime(send(line, inputId)))) context.log.warn("claude.retry_unread", { waitedMs: answerMs });
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

  /** Handed to the process that runs, and not in its record. */
  function open(front: RemoteFront): PendingPrompt[] {
    return core.prompts.pending.filter((prompt) => prompt.launchId === front.process.launchId && !prompt.recorded);
  }

  /**
   * Measured on 2.1.329: what it has just taken from its queue and not begun, it drops as well, but answers that it did not; the lifecycle of the
   * prompt says right after which of the two it is.
   */
  async function takeBack(front: RemoteFront, { uuid, begun }: PendingPrompt, why: AskedBack): Promise<"removed" | "consumed" | "unknown"> {
    if (begun) return "consumed";
    const fate = core.prompts.fate(uuid, why);
    try {
      const answer = await front.control.request("cancel_async_message", { message_uuid: uuid });
      if (answer["cancelled"] === true) {
        core.prompts.cancelled(uuid);
        await commitMarks(context, core.prompts.mark());
      }
      const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), FATE_MS).unref());
      const said = await Promise.race([fate, late]);
      if (said === null && why !== "withdraw" && !front.busy) {
        // Neither dropped nor begun: Claude has nothing of it, and nothing else would end it.
        core.prompts.cancelled(uuid);
        await commitMarks(context, core.prompts.mark());
        return "removed";
      }
      return said === null ? "unknown" : said === "begun" ? "consumed" : "removed";
    } finally {
      core.prompts.askedBack(uuid);
    }
  }

  async function withdraw(localId: string): Promise<"removed" | "consumed" | "unknown"> {
    if (!(await handedAll())) return "unknown";
    const pending = core.prompts.find(localId);
    if (!pending || running?.front !== "remote" || !open(running.remote).includes(pending))
      return (await lookup(localId)) === "present" ? "consumed" : "unknown";
    try {
      return await takeBack(running.remote, pending, "withdraw");
    } catch (cause) {
      if (isUnanswered(cause)) return "unknown";
      throw cause;
    }
  }

  async function withdrawRetry(): Promise<"removed" | "consumed" | "none"> {
    if (!(await handedAll())) throw new AppError("timeout", NOT_HANDED);
    if (running?.front !== "remote") return "none";
    const front = running.remote;
    // Nothing else is handed while a retry is on its way.
    const fates = await Promise.all(open(front).map((prompt) => takeBack(front, prompt, "retry"))).catch(unanswered);
    if (front.busy || fates.some((fate) => fate !== "removed")) return "consumed";
    return fates.length === 0 ? "none" : "removed";
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
    try {
      return (await findPrompts(core.thread.transcript, uuidsOf(localId))).size > 0 ? "present" : "absent";
    } catch (cause) {
      context.log.warn("claude.transcript_unreadable", { cause: String(cause) });
      return "unknown";
    }
  }

  async function answer(requestId: string, given: RequestAnswer): Promise<"applied" | "gone"> {
    if (running?.front === "local") return await running.local.hooks.answer(requestId, given);
    const open = core.requests.get(requestId);
    if (!open?.controlId || running?.front !== "remote") return "gone";
    const closed = core.requests.closed(requestId);
    const response = { subtype: "success", request_id: open.controlId, response: decisionOf(open, given) };
    await running.remote.send({ type: "control_response", response });
    const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), ANSWER_TAKEN_MS).unref());
    const closing = await Promise.race([closed, late]);
    return closing === null || closing.by === "remote" ? "applied" : "gone";
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

  async function interrupt(): Promise<void> {
    if (running?.front === "local") return await running.local.interrupt();
    const isAllThere = await handedAll();
    if (running?.front !== "remote") return;
    const front = running.remote;
    // Of what is not there yet nothing can be taken back; what runs is ended all the same.
    const handed = isAllThere ? open(front) : [];
    if (handed.length > 0 || front.busy) {
      // In this order: what can't be taken back has begun by then, and is interrupted.
      const taken = handed.map((prompt) => takeBack(front, prompt, "stop"));
      await Promise.all([...taken, front.control.request("interrupt")]).catch(unanswered);
    }
    if (!isAllThere) throw new AppError("timeout", NOT_HANDED);
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
    adopt,
    prompt: (given) => hand((front, send) => prompt(given, front, send)),
    withdraw,
    lookup,
    retry,
    withdrawRetry,
    answer,
    interrupt,
    setPermissionMode,
    setModel,
    listModels,
    async onHook(payload, signal) {
      return running?.front === "local" ? await running.local.hooks.onHook(payload, signal) : {};
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
    async settled() {
      const front = running?.front === "remote" ? running.remote : running?.local;
      if (front?.ending) await front.ended;
    },
    stop,
    async [Symbol.asyncDispose]() {
      const now = running;
      running = null;
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

const isUnanswered = (cause: unknown): boolean => cause instanceof AppError && cause.code === "timeout";

/** Its line stands behind what Claude has not read yet, and is obeyed when it reads again. */
function unanswered(cause: unknown): never {
  if (isUnanswered(cause))
    throw new AppError(
      "timeout",
      "The agent does not answer. What was asked of it happens when it goes on; if it does not, End session ends it at once",
      { cause },
    );
  throw cause;
}

function refused(cause: unknown): unknown {
  return cause instanceof ControlRefused ? new AppError("apply_failed", cause.message, { cause }) : cause;
}
