/**
 * What both fronts share: the conversation's id and transcript, the prompts and requests that are open, and whether a turn runs. One per
 * `Conversation`.
 */
import type { AgentEvent, TurnOutcome } from "@hapi/protocol";
import type { Front, LossKind } from "../driver.ts";
import { type Background, createBackground } from "./background.ts";
import { type FinishedLaunch, finishLaunch } from "./finish.ts";
import { createOpenRequests, type OpenRequests } from "./open-requests.ts";
import { createPrompts, type Prompts } from "./prompts.ts";
import { commitMarks, type LaunchMark, readMark, type ThreadMark } from "./state.ts";
import { createStopMark } from "./stop-mark.ts";
import type { ClaudeContext } from "./system.ts";
import { Thread, type ThreadPlace } from "./thread.ts";
import type { TranscriptFeed } from "./transcript-feed.ts";
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

export interface CoreListener {
  onFact?(fact: TranscriptFact): void;
  onItem?(itemId: string): void;
}

export function createCore(given: ClaudeContext, patience: Patience = PATIENCE): Core {
  const front = (): Front | undefined => readMark(given, "claude.launch")?.front;
  const lost: Core["lost"] = (kind, id, details) => {
    const words = lossWords(kind, front() ?? "remote", details);
    given.log.warn(`claude.loss.${kind}`, details);
    given.emit({ type: "loss", kind, key: `loss:${kind}:${id}`, ...(words === undefined ? {} : { words }), details });
  };
  const witness = createWitness({ front, lost });
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
  const background = createBackground(context);
  const stopMark = createStopMark(context);
  let outputRead = false;
  let thinking = false;
  let mode: string | null = null;
  let listener: CoreListener | null = null;

  const thread = new Thread({
    context,
    onUnreadable: ({ id, transcript }, offset) => lost("record_unreadable", `${id}:${offset}`, { path: transcript, offset }),
    feed: {
      promptOf: prompts.known,
      onFact,
      onRecord(event, past) {
        witness.recorded(event, past);
        listener?.onItem?.(event.id);
      },
      marks: prompts.mark,
      stopping: () => stopMark.isSet,
      // Of a turn that came to the record behind its own end, nothing more comes.
      endComes: ({ localIds }) => outputRead && (localIds.length === 0 || localIds.some((id) => prompts.find(id) !== undefined)),
      patience,
    },
  });

  function onFact(fact: TranscriptFact): void {
    if (fact.type === "turn" && fact.running) stopMark.turnBegan(fact.at);
    if (fact.type === "prompts") prompts.recorded(fact.uuids);
    if (fact.type === "mode") core.setMode(fact.mode);
    if (fact.type === "title") context.emit({ type: "title", title: fact.title });
    if (fact.type === "model") context.emit({ type: "model", model: fact.model, by: "person" });
    listener?.onFact?.(fact);
  }

  const core: Core = {
    context,
    prompts,
    requests: createOpenRequests(context),
    background,
    get thread() {
      return thread.mark;
    },
    get feed() {
      return thread.feed;
    },
    listen(next) {
      listener = next;
    },
    transcript: () => thread.transcript,
    get hadPast() {
      return thread.hadPast;
    },
    useThread: (threadId, where = {}) => thread.use({ threadId, where }),
    async nextLaunch(of, id) {
      const count = (core.lastLaunch()?.count ?? 0) + 1;
      const launch: LaunchMark = { id: id ?? `claude-${of}-${count}-${context.system.uuid().slice(0, 8)}`, front: of, count };
      await commitMarks(context, { "claude.launch": launch });
      return launch;
    },
    lastLaunch: () => readMark(context, "claude.launch"),
    setThinking(next) {
      if (thinking === next) return;
      thinking = next;
      context.emit({ type: "thinking", thinking: next });
    },
    get thinking() {
      return thinking;
    },
    setMode(next) {
      if (mode === next) return;
      mode = next;
      context.emit({ type: "mode", mode: next });
    },
    stopTurn: stopMark.set,
    get stopping() {
      return stopMark.isSet;
    },
    endTurn: (outcome) => endTurn(core, outcome),
    lost,
    outputIsRead: () => void (outputRead = true),
    witness,
    patience,
    async finish(end) {
      background.ending();
      outputRead = false;
      await finishLaunch(core, end);
    },
    async dispose() {
      listener = null;
      await thread.dispose();
    },
  };
  return core;
}

function endTurn({ context, feed, setThinking }: Core, outcome: TurnOutcome): void {
  const turn = feed?.endTurn();
  if (!turn) return;
  const id = `${turn.id}:end`;
  const event: AgentEvent = { type: "turn-ended", id, outcome, ...(turn.usage ? { usage: turn.usage } : {}) };
  context.emit({ type: "record", key: id, event, at: context.clock.now(), checkpoint: { ...feed?.mark() } });
  setThinking(false);
}
