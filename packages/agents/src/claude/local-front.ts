/**
 * Claude in the terminal: its own screen on a PTY of the host, untouched. We see it through hooks, transcript and status file (`local-look.ts`), and
 * end it with SIGTERM, which resets its modes; Esc first when a turn runs (`local-end.ts`). What these three say together is decided in
 * `local-turn.ts` alone.
 */
import type { HostProcess, TypedLine } from "@hapi/host";
import { delay, within } from "@hapi/platform/lean";
import type { Core } from "./core.ts";
import { failure } from "./failures.ts";
import { firstOutput } from "./first-output.ts";
import { createHookless } from "./hookless.ts";
import { createHooks, type Hooks } from "./hooks.ts";
import { str } from "./json.ts";
import { statusAtKeys } from "./input-line.ts";
import { createKeptLine } from "./kept-line.ts";
import type { LiveSession } from "./live-sessions.ts";
import { endTerminal, escape } from "./local-end.ts";
import { LocalLook } from "./local-look.ts";
import { createLocalWatch } from "./local-watch.ts";
import { createOwnStatus } from "./own-status.ts";
import { exitError } from "./remote-front.ts";
import { createScreenThread } from "./screen-thread.ts";
import type { TranscriptFact } from "./transcript-parser.ts";
import { createTypedWords } from "./typed-words.ts";

export interface LocalOptions {
  /** What stands in its input line at the beginning; null: nobody saw. */
  line: string | null;
}

export interface LocalFront {
  readonly process: HostProcess;
  readonly hooks: Hooks;
  /** A handoff would break something off. */
  readonly busy: boolean;
  /** Resolves when something is on the screen. */
  begin(): Promise<void>;
  /** A person typed into it. */
  typed(typed: TypedLine): void;
  takeOver(): void;
  interrupt(): Promise<void>;
  stop(options: { graceMs: number; interrupt: boolean }): Promise<void>;
  /** The program is gone, and its end is being told. */
  readonly ending: boolean;
  readonly ended: Promise<void>;
  detach(): Promise<void>;
}

const ON_SCREEN_MS = 10_000;
/** How often Claude is asked for tasks that ended by hand; and for shells of which no hook told. */
const TASK_LOOK_MS = 1_000;
const TASK_LOOK_IDLE_MS = 5_000;

/** `onGone`: just before `exited` is told, so that whoever hears it can start the next one at once. */
/**
 * Before Claude says how it is, a dialog of its start (whether the folder is trusted) may stand on its screen. It takes Enter or one key; words are for
 * the input line, which a busy Claude shows before it says that it is idle.
 */
const mayAnswerDialog = (text: string | null): boolean => text === null || text.trim().length <= 1;

export function createLocalFront(core: Core, process: HostProcess, onGone: () => void, options: LocalOptions): LocalFront {
  const { context } = core;
  const { clock } = context;
  const { launchId } = process;
  const ended = Promise.withResolvers<void>();
  const own = createOwnStatus(context, process.pid, () => core.thread?.id);
  const hookless = createHookless(core, launchId);
  const input = createKeptLine(context, launchId, options.line);
  const words = createTypedWords(input);
  const screen = createScreenThread();
  const sources = createLocalWatch({ core, launchId, isHookless: () => hookless.isSo });
  const look = new LocalLook({ core, launchId, own, onStatus, onIdle: sources.onIdle, onProven: input.proven });
  const parts = { core, process, own, look, words };
  let stopping = false;
  let detached = false;
  let ending = false;
  let moving = false;

  function onStatus(live: LiveSession | null): void {
    hookless.look(live);
    const named = live && screen.named(live.sessionId, hookless.isSo);
    if (!named || named.threadId === core.thread?.id || moving) return;
    moving = true;
    enterThread(named.threadId, named.transcript)
      .catch((cause: unknown) => context.log.warn("claude.thread_not_followed", { cause }))
      .finally(() => (moving = false));
  }

  async function enterThread(threadId: string, transcript?: string): Promise<void> {
    const before = core.thread?.id;
    await core.useThread(threadId, { transcript });
    if (before !== threadId) {
      if (before !== undefined) screen.left(before);
      // Its record may have been read already, up to the middle of a turn.
      const state = core.feed?.parser.state;
      look.sign({ type: "session", turnAt: state?.turn?.at, queue: state?.queue });
    }
    look.keepLooking();
  }

  const hooks = createHooks({
    core,
    status() {
      const said = own.read();
      return { status: said?.status, since: said?.statusSince };
    },
    onPrompt(prompt) {
      look.sign({ type: "prompt-hook", ...prompt });
      look.keepLooking();
    },
    onReport(event, payload) {
      sources.onReport(event, payload);
      hookless.heard();
      const transcript = str(payload["transcript_path"]);
      // Claude moves the file of a conversation that enters a worktree, or leaves it.
      const threadId = str(payload["session_id"]);
      if (transcript !== undefined && threadId === core.thread?.id) core.feed?.follow(transcript);
      if (threadId !== undefined) screen.reported(event, { threadId, transcript });
    },
    async onSession({ threadId, transcript, source }) {
      if (!screen.began(threadId, source)) return context.log.info("claude.session_report_late", { threadId, source });
      return enterThread(threadId, transcript);
    },
    async onTurnOver() {
      look.sign({ type: "stop-hook" });
      await core.feed?.sync();
      look.keepLooking();
    },
  });

  function onFact(fact: TranscriptFact): void {
    hooks.onFact(fact);
    sources.onFact(fact);
    if (fact.type !== "turn" && fact.type !== "line" && fact.type !== "queue") return;
    if (fact.type === "queue") words.queueChanged({ from: look.turn.queue, to: fact.queue, taken: fact.taken });
    look.sign(fact);
    if (fact.type !== "turn") return;
    if (fact.running) core.setThinking(true);
    // Its events go out first: what follows from it is decided behind them.
    queueMicrotask(() => look.keepLooking());
  }

  function rest(): void {
    look.close();
    sources.close();
  }

  async function watch(): Promise<void> {
    const exit = await process.exited;
    rest();
    if (detached) return;
    ending = true;
    hookless.close();
    const said = failure("agent_exited", `Claude Code ended (${exit.signal ?? `code ${exit.code}`})`);
    // Quitting is the user's right and no failure, also in the middle of a turn.
    const wanted = stopping || exit.code === 0;
    await core.finish({ launchId, ...(wanted ? {} : { failure: said }) });
    if (stopping || exit.code !== 0) tellUnsent();
    onGone();
    context.emit({ type: "exited", front: "local", ...exit, expected: stopping, ...(wanted ? {} : { failure: said }) });
  }

  function tellUnsent(): void {
    const { queued, entered, line, waiting, unprovenAt } = words.unsent(look.turn, clock.now());
    context.log.info("claude.unsent", { waiting, unproven: unprovenAt, queued: queued.length });
    if (queued.length === 0 && entered === undefined && line === "") return;
    context.emit({ type: "unsent", queued, entered, line: line === "" ? undefined : line });
  }

  /** A task that is ended by hand is told by no hook: the status file says that none is left. */
  async function watchBackground(): Promise<void> {
    while (!detached && !ending) {
      await delay(core.background.tasks.length > 0 ? TASK_LOOK_MS : TASK_LOOK_IDLE_MS, { clock });
      if (!detached && !ending && !stopping) core.background.status(own.read()?.status);
    }
  }

  function follow(): void {
    core.listen({ onFact });
    void watch().finally(ended.resolve);
    look.keepLooking();
    watchBackground().catch((cause: unknown) => context.log.warn("claude.status_unreadable", { cause }));
  }

  return {
    process,
    hooks,
    get busy() {
      return !look.isOver && look.look().working;
    },
    async begin() {
      core.feed?.parser.forgetQueue();
      follow();
      const gone = process.exited.then(() => "gone" as const);
      const first = await within(clock, ON_SCREEN_MS, (signal) => Promise.race([firstOutput(process, signal), gone]));
      if (first === "gone") throw exitError("it ended before anything was on the screen");
    },
    takeOver() {
      hookless.adopted();
      look.takeOver();
      follow();
      core.requests.announce();
    },
    typed(typed) {
      const status = statusAtKeys(own.read() ?? {}, clock.now());
      const entered = words.typed(typed, status);
      if (!entered) return;
      const elsewhere = status === "waiting" || (status === undefined && mayAnswerDialog(entered.text));
      // Whose words went where is asked about when they are missed: the words themselves are in no log.
      context.log.info("claude.entered", { at: entered.at, status, elsewhere, isKnown: entered.text !== null });
      if (!elsewhere) look.sign({ type: "entered", ...entered });
      look.decide();
    },
    async interrupt() {
      input.unknown();
      if (!look.isOver && look.look().working) await escape(parts);
    },
    async stop(options) {
      stopping = true;
      core.background.ending();
      await endTerminal(parts, options);
      await ended.promise;
    },
    get ending() {
      return ending;
    },
    ended: ended.promise,
    async detach() {
      detached = true;
      rest();
      hooks.dispose();
      ended.resolve();
    },
  };
}
