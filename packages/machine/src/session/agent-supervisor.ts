/**
 * The one agent of a session: starts and stops it, front end by front end, and never two at once: every operation waits for the one before, and
 * a start begins only when the stop has resolved. Shows the agent's own terminal program on the viewers the moment it is spawned.
 */
import { shortText } from "@hapi/core";
import type { AgentDriver, Conversation, DriverContext, Front } from "@hapi/agents";
import type { HostControl, HostProcess } from "@hapi/host";
import { AppError, type LastStart, toAppError } from "@hapi/protocol";
import { requireCredentials } from "./environment.ts";
import { forwardingHost } from "./forwarding-host.ts";
import type { OpenSessionFile } from "./session-file.ts";

const STOP_GRACE_MS = 5_000;
const MAX_MESSAGE = 2_000;
const DEFAULT_SIZE = { cols: 80, rows: 24 };

export interface AgentSupervisor {
  readonly conversation: Conversation;
  /** The front end whose process runs; null: parked, or between two. */
  readonly front: Front | null;
  /** When the agent's own terminal program was put on the viewers' screens last. */
  readonly terminalSince: number;
  /** What was adopted is new: begun by the host a moment ago, and nothing of an earlier agent. */
  readonly begunByHost: boolean;
  readonly busy: boolean;
  /** Why it does not run, where its start failed. */
  readonly startFailure: AppError | null;
  /** An operation is under way. */
  readonly moving: boolean;
  /** Resolves when those are over that are under way now, whatever became of them. */
  still(): Promise<void>;
  adopt(): Promise<Front | null>;
  /** Makes this front end run. Another one is stopped first. */
  ensure(front: Front, options?: { interrupt?: boolean }): Promise<void>;
  /** Drivers of `control: "shared"`: the agent runs, and its own screen beside it. */
  openTerminal(): Promise<void>;
  stop(options?: { interrupt?: boolean; graceMs?: number }): Promise<void>;
  dispose(): Promise<void>;
}

export interface AgentSupervisorDeps {
  driver: AgentDriver;
  context: Omit<DriverContext, "host">;
  host: HostControl;
  sessionFile: OpenSessionFile;
  now(): number;
  /** How it was started, and with which thread; also when it could not be. */
  started(start: LastStart): void;
  /** Words for the input line of the agent's own screen; `prefilled`: they stand there. */
  prefill(): string | undefined;
  prefilled(): void;
  /** The agent's own terminal program is there: put it on the viewers' screens. */
  terminalSpawned(process: HostProcess): Promise<void>;
}

/** The driver's view of the host: the same, but the terminal program it spawns is shown at once. */
function watchTerminals(host: HostControl, spawned: (process: HostProcess) => Promise<void>): HostControl {
  return forwardingHost(host, async (spec) => {
    const process = await host.spawn(spec);
    if (spec.kind === "pty") await spawned(process);
    return process;
  });
}

function viewerSize(host: HostControl): { cols: number; rows: number } {
  const viewer = host.viewers().find((one) => one.cols > 0 && one.rows > 0);
  return viewer ? { cols: viewer.cols, rows: viewer.rows } : DEFAULT_SIZE;
}

async function openTerminal(deps: AgentSupervisorDeps, { terminal }: Conversation, started: Promise<void> | undefined): Promise<void> {
  await started;
  if (!terminal)
    throw new AppError("control_mode_not_applicable", `${deps.driver.displayName} has no screen of its own beside the session`);
  if (terminal.isOpen) return;
  const { prefilled } = await terminal.open({ ...viewerSize(deps.host), prefill: deps.prefill() });
  if (prefilled) deps.prefilled();
}

/** One operation after the other; the next one starts whatever became of the one before. */
function createTurnstile() {
  let last: Promise<unknown> = Promise.resolve();
  let pending = 0;
  return {
    inTurn<T>(operation: () => Promise<T>): Promise<T> {
      pending++;
      const mine = last.then(operation).finally(() => pending--);
      last = mine.catch(() => undefined);
      return mine;
    },
    get isBusy() {
      return pending > 0;
    },
    still: () => last.then(() => undefined),
  };
}

export function createAgentSupervisor(deps: AgentSupervisorDeps): AgentSupervisor {
  const { host, sessionFile } = deps;
  const conversation = deps.driver.open({ ...deps.context, host: watchTerminals(host, terminalSpawned) });
  const turnstile = createTurnstile();
  const { inTurn } = turnstile;
  let startFailure: AppError | null = null;
  let isFirst = false;
  let terminalSince = Number.NEGATIVE_INFINITY;

  function terminalSpawned(process: HostProcess): Promise<void> {
    terminalSince = deps.now();
    return deps.terminalSpawned(process);
  }

  async function stopNow(options: { interrupt?: boolean; graceMs?: number } = {}): Promise<void> {
    if (conversation.front === null) return;
    await conversation.stop({ graceMs: options.graceMs ?? STOP_GRACE_MS, interrupt: options.interrupt });
  }

  async function startNow(front: Front): Promise<void> {
    const { threadId, fork, permissionMode, model, effort, args } = sessionFile.value;
    const chosen = { permissionMode, model, effort, args };
    const start = { at: deps.now(), front, asked: threadId ?? null };
    startFailure = null;
    try {
      requireCredentials(sessionFile.value.environment, deps.context.env, sessionFile.value.sessionId);
      const prefill = front === "local" ? deps.prefill() : undefined;
      const { how, prefilled } = await conversation.start({
        front,
        threadId,
        fork,
        ...chosen,
        ...viewerSize(host),
        prefill,
      });
      if (prefilled) deps.prefilled();
      deps.started({ ...start, how, used: conversation.threadId });
    } catch (cause) {
      startFailure = toAppError(cause);
      const { code, message } = startFailure;
      const how = threadId === undefined ? "new" : fork ? "fork" : "resume";
      deps.started({ ...start, how, used: null, failure: { code, message: shortText(message, MAX_MESSAGE) } });
      throw cause;
    }
  }

  async function adoptNow(): Promise<Front | null> {
    const { firstLaunch, threadId } = sessionFile.value;
    const begun = firstLaunch && host.process(firstLaunch.launchId);
    const front = await conversation.adopt(firstLaunch);
    if (!firstLaunch) return front;
    isFirst = begun !== undefined && front === "local";
    if (begun && isFirst) {
      await terminalSpawned(begun);
      deps.started({ at: begun.startedAt, front: "local", asked: threadId ?? null, how: firstLaunch.how, used: conversation.threadId });
    }
    // Taken up, or never begun: the next life of this session starts its agent itself.
    sessionFile.update({ firstLaunch: undefined });
    return front;
  }

  return {
    conversation,
    get terminalSince() {
      return terminalSince;
    },
    get begunByHost() {
      return isFirst;
    },
    get front() {
      return conversation.front;
    },
    get busy() {
      return conversation.busy;
    },
    get moving() {
      return turnstile.isBusy;
    },
    still: turnstile.still,
    get startFailure() {
      return conversation.front === null ? startFailure : null;
    },
    adopt: () => inTurn(adoptNow),
    ensure: (front, options) =>
      inTurn(async () => {
        if (conversation.front === front) return;
        await stopNow(options);
        await startNow(front);
      }),
    openTerminal: () => inTurn(async () => openTerminal(deps, conversation, conversation.front === null ? startNow("remote") : undefined)),
    stop: (options) => inTurn(() => stopNow(options)),
    dispose: () => inTurn(async () => conversation[Symbol.asyncDispose]()),
  };
}
