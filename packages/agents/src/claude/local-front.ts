/**
 * Claude in the terminal: its own screen on a PTY of the host, untouched. We see it through hooks, transcript and status file, and end it with
 * SIGTERM, which resets its modes; Esc first when a turn runs. What these three say together is decided in `local-turn.ts` alone.
 */
import type { HostProcess, TypedLine } from "@hapi/host";
import { RingGapError } from "@hapi/host";
import { delay, LATE, within } from "@hapi/platform/lean";
import type { Core } from "./core.ts";
import { failure } from "./failures.ts";
import { createHookless } from "./hookless.ts";
import { createHooks, type Hooks } from "./hooks.ts";
import { createInputLine, hasVimKeys } from "./input-line.ts";
import { str } from "./json.ts";
import type { LiveSession } from "./live-sessions.ts";
import { createLocalTurn, type LocalTurn, type Verdict } from "./local-turn.ts";
import { createOwnStatus } from "./own-status.ts";
import { createLocalWatch } from "./local-watch.ts";
import { exitError } from "./remote-front.ts";
import type { TranscriptFact } from "./transcript-parser.ts";
import { unsentWords } from "./unsent-words.ts";

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
const TERM_WAIT_MS = 3_000;
const ESC_WAIT_MS = 3_000;
/** How often Claude's status file is looked at: while something goes on, and otherwise. */
const LOOK_MS = 100;
const LOOK_IDLE_MS = 500;
/** How often Claude is asked for tasks that ended by hand; and for shells of which no hook told. */
const TASK_LOOK_MS = 1_000;
const TASK_LOOK_IDLE_MS = 5_000;
const ESCAPE = "\u001b";
/** Takes everything out of the terminal's own queue, back into its input line. */
const UP = "\u001b[A";
const POP_WAIT_MS = 3_000;
/** A line that was entered just now: so long until Claude shows that it has it. */
const SHOW_WAIT_MS = 2_000;
/** A line entered longer ago than this, and shown nowhere, went to some menu. */
const ENTERED_LATELY_MS = 15_000;
/** Hooks that come while their conversation is the one on the screen. */
const OF_A_TURN: ReadonlySet<string> = new Set(["UserPromptSubmit", "PreToolUse", "PermissionRequest"]);
/** What a SessionStart hook calls the beginning of a conversation that was not there before. */
const BEGINS: ReadonlySet<string> = new Set(["startup", "clear"]);
/** Of lines that were entered: as many as may wait in the queue. */
const MAX_TYPED = 100;

/** `onGone`: just before `exited` is told, so that whoever hears it can start the next one at once. */
export function createLocalFront(core: Core, process: HostProcess, onGone: () => void, options: LocalOptions): LocalFront {
  const { context } = core;
  const { clock } = context;
  const { launchId } = process;
  const ended = Promise.withResolvers<void>();
  const own = createOwnStatus(context, process.pid, () => core.thread?.id);
  const hookless = createHookless(core, launchId);
  let turn: LocalTurn = createLocalTurn();
  const input = createInputLine({ text: options.line, letters: !hasVimKeys(context) });
  let enteredAt: number | null = null;
  let typedWords: string[] = [];
  let provenLines = 0;
  /** What the end of the process takes along, once it is on its way. */
  let left: { queued: string[]; line: string | null } | null = null;
  let live: LiveSession | null = null;
  let stopping = false;
  /** Nothing is decided here any more: the program is gone, or another session process has it. */
  let over = false;
  let detached = false;
  let ending = false;
  let moving = false;
  /** What the hooks of a turn named last; the report of its beginning may be lost, or overtaken. */
  let reported: { threadId: string; transcript?: string } | null = null;
  const leftThreads = new Set<string>();
  const idleWaiters: (() => void)[] = [];
  let cancelLook: (() => void) | undefined;

  const now = (): number => clock.now();
  const turnOpen = (): boolean => core.feed?.parser.state.turn != null;

  /** Claude's own word, and what follows from everything known by now. */
  function look(): Verdict {
    live = own.read();
    turn.sign({ type: "status", status: live?.status, since: live?.statusSince ?? now() }, now());
    if (!over) hookless.look(live);
    if (!over && (hookless.isSo || reported?.threadId === live?.sessionId)) followThread(live);
    return decide();
  }

  function decide(): Verdict {
    const verdict = turn.verdict(now());
    if (turn.proven !== provenLines) input.proven();
    provenLines = turn.proven;
    if (over) return verdict;
    if (verdict.recordOver) {
      context.log.info("claude.turn_end_unrecorded", { status: live?.status });
      // Silence is no success.
      if (!verdict.told) tellRecordSilent();
      core.endTurn(verdict.told ? "completed" : "interrupted");
      turn.sign({ type: "turn", running: false, at: now() }, now());
    }
    const isAtWork = verdict.working && verdict.because !== "entered";
    core.setThinking(isAtWork || turnOpen());
    if (!isAtWork && !turnOpen()) sources.onIdle();
    if (!verdict.working) for (const done of idleWaiters.splice(0)) done();
    return verdict;
  }

  function tellRecordSilent(): void {
    const { feed } = core;
    const turnId = feed?.parser.state.turn?.id;
    if (turnId === undefined) return;
    core.lost(feed?.isThere === true ? "record_silent" : "record_missing", `${launchId}:${turnId}:end`, {
      path: feed?.thread.transcript ?? "",
      turn: turnId,
    });
  }

  /**
   * What a SessionStart hook says elsewhere: it has begun another conversation, or taken one up. Where there are hooks, only what one of them and
   * Claude's own status name alike: each of the two may be late.
   */
  function followThread(now: LiveSession | null): void {
    if (!now || now.sessionId === core.thread?.id || moving) return;
    moving = true;
    enterThread(now.sessionId, reported?.threadId === now.sessionId ? reported.transcript : undefined)
      .catch((cause: unknown) => context.log.warn("claude.thread_not_followed", { cause }))
      .finally(() => (moving = false));
  }

  async function enterThread(threadId: string, transcript?: string): Promise<void> {
    const before = core.thread?.id;
    await core.useThread(threadId, { transcript });
    if (before !== threadId) {
      if (before !== undefined) leftThreads.add(before);
      // Its record may have been read already, up to the middle of a turn.
      const state = core.feed?.parser.state;
      turn.sign({ type: "session", turnAt: state?.turn?.at, queue: state?.queue }, now());
    }
    keepLooking();
  }

  function keepLooking(): void {
    cancelLook?.();
    if (over) return;
    const { working } = look();
    cancelLook = clock.setTimer(working || turnOpen() ? LOOK_MS : LOOK_IDLE_MS, keepLooking, { unref: true });
  }

  const sources = createLocalWatch({ core, launchId, isHookless: () => hookless.isSo });

  const hooks = createHooks({
    core,
    status() {
      const said = own.read();
      return { status: said?.status, since: said?.statusSince };
    },
    onPrompt(prompt) {
      turn.sign({ type: "prompt-hook", ...prompt }, now());
      keepLooking();
    },
    onReport(event, payload) {
      sources.onReport(event, payload);
      hookless.heard();
      const transcript = str(payload["transcript_path"]);
      // Claude moves the file of a conversation that enters a worktree, or leaves it.
      const threadId = str(payload["session_id"]);
      if (transcript !== undefined && threadId === core.thread?.id) core.feed?.follow(transcript);
      if (threadId !== undefined && OF_A_TURN.has(event)) reported = { threadId, ...(transcript === undefined ? {} : { transcript }) };
    },
    async onSession({ threadId, transcript, source }) {
      // A conversation that began here and was left begins no second time: this report was late.
      if (BEGINS.has(source) && leftThreads.has(threadId)) return context.log.info("claude.session_report_late", { threadId, source });
      reported = null;
      return enterThread(threadId, transcript);
    },
    async onTurnOver() {
      turn.sign({ type: "stop-hook" }, now());
      await core.feed?.sync();
      keepLooking();
    },
  });

  function onFact(fact: TranscriptFact): void {
    hooks.onFact(fact);
    sources.onFact(fact);
    if (fact.type !== "turn" && fact.type !== "line" && fact.type !== "queue") return;
    if (fact.type === "queue" && left) {
      const more = without(fact.queue, turn.queue);
      left.queued = [...(fact.taken ? without(left.queued, without(turn.queue, fact.queue)) : left.queued), ...more];
    }
    turn.sign(fact, now());
    if (fact.type !== "turn") return;
    if (fact.running) core.setThinking(true);
    // Its events go out first: what follows from it is decided behind them.
    queueMicrotask(keepLooking);
  }

  async function watch(): Promise<void> {
    const exit = await process.exited;
    over = true;
    cancelLook?.();
    sources.close();
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

  /** Words that were in the terminal alone. */
  function tellUnsent(): void {
    const { queued: waiting, line } = left ?? { queued: turn.queue, line: input.text };
    const unproven = turn.unproven().filter((one) => now() - one.at < ENTERED_LATELY_MS);
    const { queued, entered } = unsentWords({ waiting, typed: typedWords, unproven });
    context.log.info("claude.unsent", { waiting: waiting.length, unproven: unproven.map(({ at }) => at), queued: queued.length });
    if (queued.length === 0 && entered === undefined && line === "") return;
    context.emit({ type: "unsent", queued, entered, line: line === "" ? undefined : line });
  }

  async function untilRecord(says: () => boolean, withinMs: number): Promise<void> {
    for (const late = now() + withinMs; ; await delay(LOOK_MS, { clock })) {
      await core.feed?.sync();
      if (over || says() || now() >= late) return;
    }
  }

  /** Of what was entered: that Claude has it, and where. */
  const isAllShown = (): boolean => turn.unproven().length === 0 && !turn.isUnwritten(now());

  /** What waits behind the turn would run as soon as that is broken off. */
  async function emptyQueue(): Promise<void> {
    if (turn.queue.length === 0 || own.read()?.status === "waiting") return;
    await process.write(UP);
    await untilRecord(() => turn.queue.length === 0, POP_WAIT_MS);
  }

  /** A task that is ended by hand is told by no hook: the status file says that none is left. */
  async function watchBackground(): Promise<void> {
    while (!detached && !ending) {
      await delay(core.background.tasks.length > 0 ? TASK_LOOK_MS : TASK_LOOK_IDLE_MS, { clock });
      if (!detached && !ending && !stopping) core.background.status(own.read()?.status);
    }
  }

  const follow = (): void => {
    core.listen({ onFact });
    void watch().finally(ended.resolve);
    keepLooking();
    watchBackground().catch((cause: unknown) => context.log.warn("claude.status_unreadable", { cause }));
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
    core.feed?.parser.forgetQueue();
    follow();
    const gone = process.exited.then(() => "gone" as const);
    const first = await within(clock, ON_SCREEN_MS, (signal) => Promise.race([firstOutput(signal), gone]));
    if (first === "gone") throw exitError("it ended before anything was on the screen");
  }

  const idle = (): Promise<void> => (look().working ? new Promise((resolve) => idleWaiters.push(resolve)) : Promise.resolve());

  /** What the terminal asks goes with the turn: that is no person's *No*. */
  async function escape(): Promise<void> {
    await core.stopTurn();
    await process.write(ESCAPE);
  }

  async function stop(options: { graceMs: number; interrupt: boolean }): Promise<void> {
    stopping = true;
    core.background.ending();
    if (!over && turn.verdict(now()).because !== null) await untilRecord(isAllShown, SHOW_WAIT_MS);
    decide();
    left = { queued: [...turn.queue], line: input.text };
    if (!over && look().working) {
      if (options.interrupt) {
        await emptyQueue();
        await escape();
      }
      keepLooking();
      await within(clock, options.interrupt ? Math.min(options.graceMs, ESC_WAIT_MS) : options.graceMs, idle());
    }
    await core.stopTurn();
    await process.signal("SIGTERM");
    if ((await within(clock, TERM_WAIT_MS, process.exited)) === LATE) await process.signal("SIGKILL");
    await ended.promise;
  }

  return {
    process,
    hooks,
    get busy() {
      return !over && look().working;
    },
    begin,
    takeOver() {
      hookless.adopted();
      const { state } = core.feed?.parser ?? {};
      turn = createLocalTurn({ turnAt: state?.turn?.at, queue: state?.queue });
      follow();
      core.requests.announce();
    },
    typed(typed) {
      const { status } = own.read() ?? {};
      const elsewhere = status === undefined || status === "waiting";
      input.typed(typed, elsewhere);
      const { entered } = typed;
      if (!entered || entered.at === enteredAt) return;
      enteredAt = entered.at;
      if (entered.text !== null) typedWords = [...typedWords, entered.text].slice(-MAX_TYPED);
      // Whose words went where is asked about when they are missed: the words themselves are in no log.
      context.log.info("claude.entered", { at: entered.at, status, elsewhere, isKnown: entered.text !== null });
      if (!elsewhere) turn.sign({ type: "entered", ...entered }, now());
      decide();
    },
    async interrupt() {
      input.unknown();
      if (!over && look().working) await escape();
    },
    stop,
    get ending() {
      return ending;
    },
    ended: ended.promise,
    async detach() {
      detached = true;
      over = true;
      cancelLook?.();
      sources.close();
      hooks.dispose();
      ended.resolve();
    },
  };
}

/** Each of the second list is taken out of the first once. */
function without(all: readonly string[], some: readonly string[]): string[] {
  const rest = [...some];
  return all.filter((one) => {
    const at = rest.indexOf(one);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
}
