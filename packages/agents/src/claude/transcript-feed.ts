/**
 * Follows the transcript of a conversation and those of its sub-agents, wherever Claude moves them, and emits what they say. Invariant: the
 * offset after a line becomes durable with the last event of that line, so a restart repeats or misses nothing. History from before the session
 * knew the conversation is told once, and only its active branch. What the transcript does not deliver is told from stdout, under the same keys.
 */
import type { AgentEvent } from "@hapi/protocol";
import type { ByteLine } from "../shared/byte-lines.ts";
import { type Json, obj, parseTranscriptLine, str, strings } from "./json.ts";
import { emptyParserState, type OpenTurn } from "./parser-state.ts";
import { createLineWaits } from "./line-waits.ts";
import { commitMarks, readMark, type TailMark, type ThreadMark } from "./state.ts";
import { createPastLines, met } from "./past-lines.ts";
import { createSubagentFeed, type SubagentFeed } from "./subagent-feed.ts";
import type { ClaudeContext } from "./system.ts";
import { createToldLines } from "./told-lines.ts";
import { createToldSubagents } from "./told-subagents.ts";
import { uuidsBefore } from "./transcript-file.ts";
import { createTranscriptParser, type KnownPrompt, type Parsed, type TranscriptFact, type TranscriptParser } from "./transcript-parser.ts";
import { createTurnOrder } from "./turn-order.ts";
import type { Patience } from "./witness.ts";
import { openTranscriptPlace, readBranch, type TranscriptPlace } from "./transcript-place.ts";

export interface FeedOptions {
  context: ClaudeContext;
  thread: ThreadMark;
  /** It was begun by this session: nothing that stands there is history. */
  isNew?: boolean;
  promptOf(uuid: string): KnownPrompt | undefined;
  onFact(fact: TranscriptFact): void;
  /** Just before the event goes out. `past`: from before the session knew it, or told once before. */
  onRecord(event: AgentEvent, past: boolean): void;
  /** A line that is no JSON, at this offset. */
  onUnreadable(offset: number): void;
  /** Claude moved the file; the mark is to be kept. */
  onMoved(thread: ThreadMark): void;
  /** More that must become durable with the next event. */
  marks(): Record<string, unknown>;
  /** We are stopping the running turn. */
  stopping(): boolean;
  /** The output is read, and says how the turn that runs ends. */
  endComes(turn: OpenTurn): boolean;
  patience: Patience;
}

export interface TranscriptFeed extends Pick<TranscriptPlace, "thread" | "isThere" | "problem" | "follow" | "look"> {
  /** Lines read by this feed so far. */
  readonly lines: number;
  readonly parser: TranscriptParser;
  /** Reads everything that is in the files now. */
  sync(): Promise<void>;
  /** Waits until the line of this uuid was read; false when the time is over first. */
  reached(uuid: string, withinMs: number): Promise<boolean>;
  has(uuid: string): boolean;
  /** A line of stdout in the form of the transcript, which did not deliver it. False: it was read or told before. */
  tell(line: Json): boolean;
  /** Reading waits for room in the session's outbox. */
  readonly held: boolean;
  /** The running turn has its end: what follows it is read. Answers that turn. */
  endTurn(): OpenTurn | null;
  /** The next turn stands in the record, and is not read before the running one has its end. */
  readonly awaitsEnd: boolean;
  /** What belongs into the checkpoint of an event that does not come from here. */
  mark(): { "claude.tail": TailMark };
  close(): Promise<void>;
}

/** Lines without events move the offset on by themselves after this much. */
const COMMIT_BYTES = 512 * 1024;

export async function openTranscriptFeed(options: FeedOptions): Promise<TranscriptFeed> {
  const { context } = options;
  const saved = readMark(context, "claude.tail");
  const own = saved?.threadId === options.thread.id ? saved : undefined;
  const parserContext = { promptOf: options.promptOf, history: false, stopping: options.stopping };
  const parser = createTranscriptParser(parserContext, own?.parser ?? emptyParserState());
  const told = createToldLines(own, (uuid) => options.promptOf(uuid)?.recorded === false);
  const past = createTranscriptParser({ promptOf: options.promptOf, history: true });
  const parserOf = createToldSubagents();
  const waits = createLineWaits(context.clock);
  const order = createTurnOrder({ clock: context.clock, patienceMs: options.patience.silentMs });
  let offset = own?.offset ?? 0;
  const begin = await met(context, options.thread, {
    known: own,
    isNew: options.isNew === true,
    isFork: options.thread.forkOf !== undefined,
  });
  if (begin.fresh !== undefined) parser.state.fresh = begin.fresh;
  if (begin.isUnread) told.unknownUntil(context.clock.now());
  const lines = createPastLines({ met: begin, copied: await copiedBy(context, options.thread), told });
  // Whoever waits for a line that a process before this one has read must find it.
  if (offset > 0) await noteBefore();
  let committed = offset;
  let lineCount = 0;
  const closing = Promise.withResolvers<void>();
  let closed = false;
  let held = false;

  const subs: SubagentFeed = createSubagentFeed({
    context,
    transcript: options.thread.transcript,
    saved: own?.subs ?? {},
    mark: () => mark(),
    onFact: options.onFact,
    stopping: options.stopping,
  });

  function mark(): { "claude.tail": TailMark } {
    const state = structuredClone(parser.state);
    return {
      "claude.tail": {
        threadId: options.thread.id,
        offset,
        historyEnd: lines.historyEnd,
        ...told.mark(),
        parser: state,
        subs: subs.mark(),
      },
    };
  }

  async function noteBefore(): Promise<void> {
    try {
      for (const uuid of await uuidsBefore(context.system.files, options.thread.transcript, offset)) waits.note(uuid);
    } catch (cause) {
      context.log.warn("claude.transcript_unreadable", { cause });
    }
  }

  function readLine(line: ByteLine, json: Json | null): void {
    lineCount += 1;
    if (!json) return options.onUnreadable(line.start);
    const { isHistory, isAgain, isLeftOut } = lines.of(json, line.end);
    parserContext.history = isHistory;
    const parsed = isLeftOut ? { records: [], facts: [] } : (isAgain ? past : parser).read(json);
    offset = line.end;
    told.seen(json);
    // Whoever waits for its prompt hears of it, also when its line is told a second time.
    for (const fact of parsed.facts) if (!isHistory && (!isAgain || fact.type === "prompts")) options.onFact(fact);
    emit(parsed, isHistory || isAgain);
    if (parsed.records.length > 0) committed = offset;
    for (const one of uuidsOf(json)) waits.note(one);
  }

  function emit(parsed: Parsed, isPast: boolean): void {
    parsed.records.forEach((record, index) => {
      const last = index === parsed.records.length - 1;
      options.onRecord(record.event, isPast);
      context.emit({ type: "record", ...record, ...(last ? { checkpoint: { ...options.marks(), ...mark() } } : {}) });
    });
  }

  function tell(line: Json): boolean {
    const uuid = str(line["uuid"]);
    if (uuid === undefined || waits.has(uuid) || !told.add(uuid)) return false;
    told.seen(line);
    told.upToNow();
    parserContext.history = false;
    const parent = str(line["parent_tool_use_id"]);
    const parsed = (parent === undefined ? parser : parserOf(parent)).read(line);
    for (const fact of parsed.facts) options.onFact(fact);
    emit(parsed, false);
    waits.note(uuid);
    return true;
  }

  async function readLines(read: readonly ByteLine[]): Promise<void> {
    for (const line of read) {
      const json = parseTranscriptLine(line.text);
      const { turn } = parser.state;
      if (json && turn && options.endComes(turn) && lines.of(json, line.end).isNews && parser.begins(json)) await order.mayBegin();
      if (closed) return;
      readLine(line, json);
    }
    if (offset - committed > COMMIT_BYTES) {
      committed = offset;
      await commitMarks(context, mark());
    }
    held = true;
    await Promise.race([context.room?.(), closing.promise]);
    held = false;
    await subs.look();
  }

  // What is history must be known for good before the first prompt: later every line would look like it.
  if (!own) await commitMarks(context, mark());

  const place = openTranscriptPlace({
    context,
    thread: options.thread,
    offset,
    onLines: readLines,
    onReset(branch) {
      offset = 0;
      committed = 0;
      lines.reset(branch);
    },
    onMoved(thread) {
      subs.moveTo(thread.transcript);
      options.onMoved(thread);
    },
  });

  return {
    get thread() {
      return place.thread;
    },
    get isThere() {
      return place.isThere;
    },
    get problem() {
      return place.problem;
    },
    get lines() {
      return lineCount;
    },
    parser,
    has: waits.has,
    follow: place.follow,
    look: () => order.unlessWaiting(place.look),
    tell,
    endTurn() {
      const turn = parser.endTurn();
      order.ended();
      return turn;
    },
    get awaitsEnd() {
      return order.isWaiting;
    },
    async sync() {
      await order.unlessWaiting(place.sync);
      await subs.sync();
    },
    async reached(uuid, withinMs) {
      if (!waits.has(uuid)) await order.unlessWaiting(place.sync);
      return await waits.until(uuid, withinMs);
    },
    get held() {
      return held;
    },
    mark,
    async close() {
      closed = true;
      closing.resolve();
      order.close();
      await place.close();
      await subs.close();
    },
  };
}

async function copiedBy(context: ClaudeContext, { forkOf }: ThreadMark): Promise<ReadonlySet<string> | undefined> {
  return forkOf === undefined ? undefined : (await readBranch(context, forkOf))?.active;
}

/** Its own, and those of the prompts that were folded into it, or that it stands for (a command without a line of its own). */
function uuidsOf(line: Json): string[] {
  const own = [str(line["uuid"]), str(line["submitUuid"]), str(obj(line["attachment"])["source_uuid"])].filter(
    (uuid) => uuid !== undefined,
  );
  return [...own, ...strings(line["mergedSendUuids"])];
}
