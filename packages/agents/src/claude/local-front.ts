/**
 * Claude in the terminal: its own screen on a PTY of the host, untouched. We see it through hooks and the transcript, and end it with SIGTERM,
 * which resets its modes; Esc first when a turn runs. Hooks and transcript may both be seconds behind on a busy machine: what runs is never
 * called idle against Claude's own word.
 */
import type { HostProcess } from "@hapi/host";
import { RingGapError } from "@hapi/host";
import { delay } from "@hapi/platform/lean";
import type { Core } from "./core.ts";
import { failure } from "./failures.ts";
import { createHooks, type Hooks } from "./hooks.ts";
import { liveOnThread } from "./live-sessions.ts";
import { exitError } from "./remote-front.ts";
import type { TranscriptFact } from "./transcript-parser.ts";

export interface LocalFront {
  readonly process: HostProcess;
  readonly hooks: Hooks;
  readonly busy: boolean;
  /** Resolves when something is on the screen. */
  begin(): Promise<void>;
  takeOver(): void;
  interrupt(): Promise<void>;
  stop(options: { graceMs: number; interrupt: boolean }): Promise<void>;
  /** The program is gone, and its end is being told. */
  readonly ending: boolean;
  readonly ended: Promise<void>;
  detach(): Promise<void>;
}

const ON_SCREEN_MS = 10_000;
const TERM_WAIT_MS = 3_000;
const ESC_WAIT_MS = 3_000;
/** The transcript's own mark of a turn's end comes with the Stop hook; without it the turn is closed after this. */
const TURN_END_GRACE_MS = 1_500;
/** A prompt of which nothing shows by then was a command that the terminal carried out itself, unless Claude says that it is busy. */
const NO_TURN_MS = 2_000;
const LOOK_AGAIN_MS = 250;
/** How often Claude is asked for tasks that ended by hand; and for shells of which no hook told. */
const TASK_LOOK_MS = 1_000;
const TASK_LOOK_IDLE_MS = 5_000;
const ESCAPE = "\u001b";

/** `onGone`: just before `exited` is told, so that whoever hears it can start the next one at once. */
export function createLocalFront(core: Core, process: HostProcess, onGone: () => void): LocalFront {
  const { context } = core;
  const { launchId } = process;
  const ended = Promise.withResolvers<void>();
  let stopping = false;
  let detached = false;
  let ending = false;
  let busy = false;
  let idleWaiters: (() => void)[] = [];
  let looks = 0;

  function setBusy(next: boolean): void {
    busy = next;
    core.setThinking(next);
    if (next) return;
    for (const done of idleWaiters) done();
    idleWaiters = [];
  }

  const turnRuns = (): boolean => core.feed?.parser.state.turn != null;
  const status = (): string | undefined => (core.thread ? liveOnThread(context.env, core.thread.id)[0]?.status : undefined);
  const saysBusy = (): boolean => status() === "busy";

  /** Idle as soon as Claude says so. A turn that shows in the transcript ends there; a later call takes over. */
  async function idleWhenClaudeIs(waitMs: number): Promise<void> {
    const look = ++looks;
    await delay(waitMs);
    for (;;) {
      await core.feed?.sync();
      if (look !== looks || turnRuns()) return;
      if (!saysBusy()) return setBusy(false);
      await delay(LOOK_AGAIN_MS);
    }
  }

  function busyUntilIdle(waitMs: number): void {
    setBusy(true);
    idleWhenClaudeIs(waitMs).catch((cause: unknown) => context.log.warn("claude.status_unreadable", { cause: String(cause) }));
  }

  function notBusy(): void {
    if (saysBusy()) busyUntilIdle(LOOK_AGAIN_MS);
    else setBusy(false);
  }

  const hooks = createHooks({
    core,
    onPrompt: () => busyUntilIdle(NO_TURN_MS),
    status,
    async onSession({ threadId, transcript }) {
      await core.useThread(threadId, { transcript });
    },
    async onTurnOver() {
      await core.feed?.sync();
      const turn = core.feed?.parser.state.turn?.id;
      if (turn === undefined) return notBusy();
      await delay(TURN_END_GRACE_MS);
      await core.feed?.sync();
      if (!detached && core.feed?.parser.state.turn?.id === turn) core.endTurn("completed");
    },
  });

  function onFact(fact: TranscriptFact): void {
    hooks.onFact(fact);
    if (fact.type !== "turn") return;
    if (fact.running) setBusy(true);
    else notBusy();
    if (!fact.running) core.requests.closeAll({ outcome: "resolved", by: "terminal" });
  }

  async function watch(): Promise<void> {
    const exit = await process.exited;
    looks++;
    if (detached) return;
    ending = true;
    const said = failure("agent_exited", `Claude Code ended (${exit.signal ?? `code ${exit.code}`})`);
    // Quitting is the user's right and no failure, also in the middle of a turn.
    const wanted = stopping || exit.code === 0;
    await core.finish({ launchId, ...(wanted ? {} : { failure: said }) });
    onGone();
    context.emit({ type: "exited", front: "local", ...exit, expected: stopping, ...(wanted ? {} : { failure: said }) });
  }

  /** A task that is ended by hand is told by no hook: the status file says that none is left. */
  async function watchBackground(): Promise<void> {
    while (!detached && !ending) {
      await delay(core.background.tasks.length > 0 ? TASK_LOOK_MS : TASK_LOOK_IDLE_MS);
      if (!detached && !ending && !stopping) core.background.status(status());
    }
  }

  const follow = (): void => {
    core.listen({ onFact });
    void watch().finally(ended.resolve);
    watchBackground().catch((cause: unknown) => context.log.warn("claude.status_unreadable", { cause: String(cause) }));
  };

  /** The first bytes on the screen, or its end. */
  async function firstOutput(signal: AbortSignal): Promise<string> {
    let text = "";
    try {
      for await (const chunk of process.read("out", 0, signal)) {
        text += Buffer.from(chunk.bytes).toString("utf8");
        if (text.length > 0) return text;
      }
    } catch (cause) {
      if (!signal.aborted && !(cause instanceof RingGapError)) throw cause;
    }
    return text;
  }

  async function begin(): Promise<void> {
    follow();
    const late = AbortSignal.timeout(ON_SCREEN_MS);
    const gone = process.exited.then(() => "gone" as const);
    const first = await Promise.race([firstOutput(late), gone]);
    if (first === "gone") throw exitError("it ended before anything was on the screen");
  }

  const within = (promise: Promise<unknown>, ms: number): Promise<boolean> => {
    const late = Promise.withResolvers<false>();
    const timer = setTimeout(() => late.resolve(false), ms);
    return Promise.race([promise.then(() => true), late.promise]).finally(() => clearTimeout(timer));
  };
  const idle = (): Promise<void> => (busy ? new Promise((resolve) => idleWaiters.push(resolve)) : Promise.resolve());

  async function stop(options: { graceMs: number; interrupt: boolean }): Promise<void> {
    stopping = true;
    core.background.ending();
    if (saysBusy()) setBusy(true);
    if (busy && options.interrupt) await process.write(ESCAPE);
    if (busy) await within(idle(), options.interrupt ? Math.min(options.graceMs, ESC_WAIT_MS) : options.graceMs);
    await process.signal("SIGTERM");
    if (!(await within(process.exited, TERM_WAIT_MS))) await process.signal("SIGKILL");
    await ended.promise;
  }

  return {
    process,
    hooks,
    get busy() {
      if (!busy && !stopping && saysBusy()) busyUntilIdle(LOOK_AGAIN_MS);
      return busy;
    },
    begin,
    takeOver() {
      follow();
      if (turnRuns()) setBusy(true);
      else notBusy();
      core.requests.announce();
    },
    async interrupt() {
      if (busy) await process.write(ESCAPE);
    },
    stop,
    get ending() {
      return ending;
    },
    ended: ended.promise,
    async detach() {
      detached = true;
      looks++;
      hooks.dispose();
      ended.resolve();
    },
  };
}
