/**
 * What both fronts share: the conversation's id and transcript, the prompts and requests that are open, and whether a turn runs. One per
 * `Conversation`.
 */
import { delay, within } from "@hapi/platform/lean";
import { type AgentEvent, type AgentFailure, AppError, noticeWords, type TurnOutcome } from "@hapi/protocol";
import type { Front, LossKind } from "../driver.ts";
import { type Background, createBackground, endedWords } from "./background.ts";
import { liveOnThread } from "./live-sessions.ts";
import { AGENT_NAME } from "./name.ts";
import { createOpenRequests, type OpenRequests } from "./open-requests.ts";
import { findTranscript, transcriptPath } from "./paths.ts";
import { fateOf } from "./request-fate.ts";
import { createPrompts, type Prompts } from "./prompts.ts";
import { commitMarks, type LaunchMark, readMark, type ThreadMark } from "./state.ts";
import type { ClaudeContext } from "./system.ts";
import { openTranscriptFeed, type TranscriptFeed } from "./transcript-feed.ts";
import type { TranscriptFact } from "./transcript-parser.ts";
import { createWitness, lossWords, PATIENCE, type Patience, type Witness } from "./witness.ts";

export interface Core {
  readonly context: ClaudeContext;
  readonly prompts: Prompts;
  readonly requests: OpenRequests;
  readonly background: Background;
  readonly thread: ThreadMark | null;
  readonly feed: TranscriptFeed | null;
  /** What the running front wants to know of the transcript. */
  listen(listener: CoreListener | null): void;
  /** The conversation's file as it is now, wherever Claude moved it; undefined: there is none. */
  transcript(): string | undefined;
  /** Something of it was read, or a turn of it was completed. A first turn that was broken off before Claude wrote anything down is no past. */
  readonly hadPast: boolean;
  /** Makes this the conversation: durable, announced, and read from where it was left. */
  useThread(threadId: string, where?: ThreadPlace): Promise<void>;
  /** A launch id of its own, durable before anything is started under it. */
  nextLaunch(front: Front, id?: string): Promise<LaunchMark>;
  lastLaunch(): LaunchMark | undefined;
  setThinking(thinking: boolean): void;
  readonly thinking: boolean;
  setMode(mode: string): void;
  /** Waits a moment for a process that is just ending, then refuses. */
  requireAlone(threadId: string): Promise<void>;
  /** Until no living process has the conversation open any more. */
  untilAlone(withinMs: number): Promise<boolean>;
  /**
   * Before the running turn is stopped by us: Claude writes the same lines for that as for a person's *No*. Holds until the next turn begins;
   * durable, so that a restarted session process reads the lines alike.
   */
  stopTurn(): Promise<void>;
  readonly stopping: boolean;
  /** Ends the turn the transcript has open, with its own key: the same event however it was found out. */
  endTurn(outcome: TurnOutcome): void;
  /** Something of what the agent said or did may be missing from the history. `id`: the same for the same loss. */
  lost(kind: LossKind, id: string, details: Record<string, string | number>): void;
  /** A driven Claude's output is read from here on, until it is finished: the ends of turns stand there. */
  outputIsRead(): void;
  readonly witness: Witness;
  readonly patience: Patience;
  /** The agent is gone: what it left open is ended, with everything the transcript still says before it. */
  finish(end: FinishedLaunch): Promise<void>;
  dispose(): Promise<void>;
}

export interface ThreadPlace {
  transcript?: string;
  forkOf?: string;
  /** Begun by this session: what stands in its file by now is no history. */
  isNew?: boolean;
}

export interface CoreListener {
  onFact?(fact: TranscriptFact): void;
  onItem?(itemId: string): void;
}

export interface FinishedLaunch {
  launchId: string;
  /** Why it ended, when nobody asked it to. */
  failure?: AgentFailure;
}

const ENDING_MS = 3_000;
const LOOK_EVERY_MS = 50;
const FINISH_READ_MS = 10_000;

export function createCore(given: ClaudeContext, patience: Patience = PATIENCE): Core {
  const witness = createWitness({ front: () => readMark(given, "claude.launch")?.front, lost });
  const context: ClaudeContext = {
    ...given,
    emit(event) {
      given.emit(event);
      if (event.type !== "record") return;
      witness.emitted(event.event);
      if (event.event.type === "turn-ended" && event.event.parent === undefined) background.turnEnded(event.event.outcome);
    },
  };
  const prompts = createPrompts(context);
  const requests = createOpenRequests(context);
  const background = createBackground(context);
  let thread = readMark(context, "claude.thread") ?? null;
  let feed: TranscriptFeed | null = null;
  /** One conversation is entered after the other: several sources tell of the same one at once. */
  let entering: Promise<unknown> = Promise.resolve();
  let disposed = false;
  let outputRead = false;
  let thinking = false;
  let mode: string | null = null;
  let listener: CoreListener | null = null;
  let stoppedAt = readMark(context, "claude.stopped")?.at ?? null;

  function onFact(fact: TranscriptFact): void {
    // A turn from before the stop may be read only after it.
    if (fact.type === "turn" && fact.running && stoppedAt !== null && (fact.at === 0 || fact.at > stoppedAt)) void setStopped(null);
    if (fact.type === "prompts") prompts.recorded(fact.uuids);
    if (fact.type === "mode") setMode(fact.mode);
    if (fact.type === "title") context.emit({ type: "title", title: fact.title });
    if (fact.type === "model") context.emit({ type: "model", model: fact.model, by: "person" });
    listener?.onFact?.(fact);
  }

  function setStopped(at: number | null): Promise<void> {
    stoppedAt = at;
    return commitMarks(context, { "claude.stopped": { at } }).catch((cause: unknown) =>
      context.log.warn("claude.stop_not_kept", { cause }),
    );
  }

  function setMode(next: string): void {
    if (mode === next) return;
    mode = next;
    context.emit({ type: "mode", mode: next });
  }

  function setThinking(next: boolean): void {
    if (thinking === next) return;
    thinking = next;
    context.emit({ type: "thinking", thinking: next });
  }

  async function openFeed(mark: ThreadMark, isNew: boolean | undefined): Promise<void> {
    const opened = await openTranscriptFeed({
      context,
      thread: mark,
      isNew,
      promptOf: prompts.known,
      onFact,
      onRecord(event, past) {
        witness.recorded(event, past);
        listener?.onItem?.(event.id);
      },
      onUnreadable: (offset) => lost("record_unreadable", `${mark.id}:${offset}`, { path: mark.transcript, offset }),
      onMoved: keepThread,
      marks: prompts.mark,
      stopping: () => stoppedAt !== null,
      // Of a turn that came to the record behind its own end, nothing more comes.
      endComes: (turn) =>
        outputRead && (turn.localIds.length === 0 || turn.localIds.some((id) => prompts.pending.some((one) => one.localId === id))),
      patience,
    });
    if (disposed) await opened.close();
    else feed = opened;
  }

  function lost(kind: LossKind, id: string, details: Record<string, string | number>): void {
    const front = readMark(given, "claude.launch")?.front ?? "remote";
    const words = lossWords(kind, front, details);
    given.log.warn(`claude.loss.${kind}`, details);
    given.emit({ type: "loss", kind, key: `loss:${kind}:${id}`, ...(words === undefined ? {} : { words }), details });
  }

  function keepThread(mark: ThreadMark): void {
    thread = mark;
    commitMarks(context, { "claude.thread": mark }).catch((cause: unknown) => context.log.warn("claude.thread_not_kept", { cause }));
  }

  function transcript(): string | undefined {
    return thread ? findTranscript(context, thread.id, thread.transcript) : undefined;
  }

  function useThread(threadId: string, where: ThreadPlace = {}): Promise<void> {
    const mine = entering.then(() => enterThread(threadId, where));
    entering = mine.catch(() => undefined);
    return mine;
  }

  async function enterThread(threadId: string, where: ThreadPlace): Promise<void> {
    if (disposed) return;
    const same = thread?.id === threadId;
    if (same && feed) {
      if (where.transcript !== undefined) feed.follow(where.transcript);
      return;
    }
    const known = where.transcript ?? (same ? thread?.transcript : undefined);
    const path = findTranscript(context, threadId, known) ?? known ?? transcriptPath(context, threadId);
    if (feed) {
      await feed.sync();
      await feed.close();
      feed = null;
    }
    const forkOf = where.forkOf ?? (same ? thread?.forkOf : undefined);
    const mark: ThreadMark = { id: threadId, transcript: path, ...(forkOf === undefined ? {} : { forkOf }) };
    if (!same || thread?.transcript !== path) await commitMarks(context, { "claude.thread": mark });
    thread = mark;
    context.emit({ type: "thread", threadId });
    await openFeed(mark, where.isNew);
  }

  async function untilAlone(withinMs: number): Promise<boolean> {
    const deadline = context.clock.now() + withinMs;
    while (thread && liveOnThread(context, thread.id).length > 0) {
      if (context.clock.now() > deadline) return false;
      await delay(LOOK_EVERY_MS, { clock: context.clock });
    }
    return true;
  }

  async function requireAlone(threadId: string): Promise<void> {
    const deadline = context.clock.now() + ENDING_MS;
    for (;;) {
      const [other] = liveOnThread(context, threadId);
      if (!other) return;
      if (context.clock.now() > deadline) {
        throw new AppError(
          "thread_in_use",
          `This conversation is open in another Claude Code (process ${other.pid}); close it there first`,
          {
            details: { pid: other.pid, threadId },
          },
        );
      }
      await delay(LOOK_EVERY_MS, { clock: context.clock });
    }
  }

  function endTurn(outcome: TurnOutcome): void {
    const turn = feed?.endTurn();
    if (!turn) return;
    const id = `${turn.id}:end`;
    const usage = turn.usage ? { usage: turn.usage } : {};
    context.emit({
      type: "record",
      key: id,
      event: { type: "turn-ended", id, outcome, ...usage },
      at: context.clock.now(),
      checkpoint: { ...feed?.mark() },
    });
    setThinking(false);
  }

  /** Nobody shall wonder where the dev server went. */
  function tellEnded(launchId: string): void {
    const gone = background.ended();
    if (gone.length === 0) return;
    const id = `${launchId}:background-ended`;
    context.emit({
      type: "record",
      key: id,
      event: { type: "notice", id, level: "warning", ...endedWords(gone) },
      at: context.clock.now(),
    });
  }

  /** A prompt of the terminal that went with its Claude before it was written down. Answers the id of its turn, which is still open. */
  function tellUnrecorded(launchId: string): string | null {
    const typed = readMark(context, "claude.typed");
    if (!typed || typed.launchId !== launchId) return null;
    const { text, at } = typed;
    const id = `${typed.promptId}:unrecorded`;
    const turnId = `${id}:turn`;
    const record = (key: string, event: AgentEvent): void => context.emit({ type: "record", key, event, at });
    record(id, { type: "user-message", id, text, origin: "terminal" });
    record(turnId, { type: "turn-started", id: turnId });
    const words = noticeWords("prompt_unrecorded", { agent: AGENT_NAME });
    record(`${id}:notice`, { type: "notice", id: `${id}:notice`, level: "warning", ...words });
    return turnId;
  }

  /** Nobody is left who would take an answer. */
  function closeRequests(): void {
    for (const { request, handed } of requests.all) {
      const fate = fateOf(handed, { over: stoppedAt === null ? "agent" : "turn", withdrawn: stoppedAt !== null });
      if (fate.state === "over") requests.close(request.id, fate.closing);
    }
  }

  /** With the hub away and the outbox full, the rest is read when the conversation goes on. */
  async function readRest(from: TranscriptFeed): Promise<void> {
    await within(context.clock, FINISH_READ_MS, from.sync());
    // The end of a turn before the last one is on no output any more.
    while (from.awaitsEnd) {
      endTurn("interrupted");
      await within(context.clock, FINISH_READ_MS, from.sync());
    }
  }

  async function finish(end: FinishedLaunch): Promise<void> {
    background.ending();
    outputRead = false;
    if (feed) await readRest(feed);
    const turn = feed?.endTurn() ?? null;
    const localIds = prompts.abandon(end.failure);
    closeRequests();
    await requests.settled();
    const cut = turn ? null : tellUnrecorded(end.launchId);
    if (turn || cut || thinking || localIds.length > 0) {
      const id = turn ? `${turn.id}:end` : `${cut ?? end.launchId}:end`;
      const failure = end.failure ? { failure: end.failure } : {};
      const usage = turn?.usage ? { usage: turn.usage } : {};
      const event = {
        type: "turn-ended" as const,
        id,
        outcome: "interrupted" as const,
        ...usage,
        ...failure,
        ...(localIds.length > 0 ? { localIds } : {}),
      };
      context.emit({ type: "record", key: id, event, at: context.clock.now(), checkpoint: { ...prompts.mark(), ...feed?.mark() } });
    }
    tellEnded(end.launchId);
    const launch = readMark(context, "claude.launch");
    const over = launch?.id === end.launchId ? { "claude.launch": { ...launch, over: true } } : {};
    await commitMarks(context, { ...prompts.mark(), ...feed?.mark(), ...over, "claude.typed": null });
    setThinking(false);
  }

  return {
    context,
    prompts,
    requests,
    background,
    get thread() {
      return thread;
    },
    get feed() {
      return feed;
    },
    listen(next) {
      listener = next;
    },
    transcript,
    get hadPast() {
      const tail = readMark(context, "claude.tail");
      if (thread === null) return false;
      const wasRead = tail?.threadId === thread.id && tail.offset > 0;
      return wasRead || readMark(context, "claude.answered")?.threadId === thread.id;
    },
    useThread,
    async nextLaunch(front, given) {
      const count = (readMark(context, "claude.launch")?.count ?? 0) + 1;
      const launch: LaunchMark = { id: given ?? `claude-${front}-${count}-${context.system.uuid().slice(0, 8)}`, front, count };
      await commitMarks(context, { "claude.launch": launch });
      return launch;
    },
    lastLaunch: () => readMark(context, "claude.launch"),
    setThinking,
    get thinking() {
      return thinking;
    },
    setMode,
    stopTurn: () => setStopped(context.clock.now()),
    get stopping() {
      return stoppedAt !== null;
    },
    requireAlone,
    untilAlone,
    endTurn,
    lost,
    outputIsRead: () => void (outputRead = true),
    witness,
    patience,
    finish,
    async dispose() {
      listener = null;
      disposed = true;
      await feed?.close();
      feed = null;
    },
  };
}
