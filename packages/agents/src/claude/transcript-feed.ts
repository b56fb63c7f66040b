/**
 * Follows the transcript of a conversation and those of its sub-agents, wherever Claude moves them, and emits what they say. Invariant: the
 * offset after a line becomes durable with the last event of that line, so a restart repeats or misses nothing. History from before the session
 * knew the conversation is told once, and only its active branch. What the transcript does not deliver is told from stdout, under the same keys.
 */
import { existsSync } from "node:fs";
import type { AgentEvent } from "@hapi/protocol";
import type { DriverContext } from "../driver.ts";
import { createTailer, type Tailer } from "../shared/tailer.ts";
import type { ByteLine } from "../shared/byte-lines.ts";
import { type Json, parseTranscriptLine, str } from "./json.ts";
import { emptyParserState } from "./parser-state.ts";
import { findTranscript, newestTranscript } from "./paths.ts";
import { commitMarks, readMark, type TailMark, type ThreadMark } from "./state.ts";
import { createSubagentFeed, type SubagentFeed } from "./subagent-feed.ts";
import { activeBranch } from "./transcript-file.ts";
import { createTranscriptParser, type KnownPrompt, type Parsed, type TranscriptFact, type TranscriptParser } from "./transcript-parser.ts";

export interface FeedOptions {
  context: DriverContext;
  thread: ThreadMark;
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
}

export interface TranscriptFeed {
  /** With the path at which it is read now. */
  readonly thread: ThreadMark;
  /** There was a file at that path when it was looked at last. */
  readonly isThere: boolean;
  /** Why it could not be read then. */
  readonly problem: string | undefined;
  /** Lines read by this feed so far. */
  readonly lines: number;
  readonly parser: TranscriptParser;
  /** Reads everything that is in the files now. */
  sync(): Promise<void>;
  /** Waits until the line of this uuid was read; false when the time is over first. */
  reached(uuid: string, withinMs: number): Promise<boolean>;
  has(uuid: string): boolean;
  /** Claude itself named its path. */
  follow(path: string): void;
  /** Looks for the file wherever Claude may have put it, and reads it. */
  look(): Promise<void>;
  /** A line of stdout in the form of the transcript, which did not deliver it. False: it was read or told before. */
  tell(line: Json): boolean;
  /** Reading waits for room in the session's outbox. */
  readonly held: boolean;
  /** What belongs into the checkpoint of an event that does not come from here. */
  mark(): { "claude.tail": TailMark };
  close(): Promise<void>;
}

/** Uuids of the lines read last, for `reached`. */
const MAX_RECENT = 2_000;
/** Lines without events move the offset on by themselves after this much. */
const COMMIT_BYTES = 512 * 1024;
/** Sub-agents of which stdout is told at once. */
const MAX_SUBS = 50;
/** How often the other folders are searched for a file that is not where it was. */
const SEARCH_EVERY_MS = 2_000;

export async function openTranscriptFeed(options: FeedOptions): Promise<TranscriptFeed> {
  const { context } = options;
  let { thread } = options;
  const saved = readMark(context, "claude.tail");
  const own = saved?.threadId === thread.id ? saved : undefined;
  const parserContext = { promptOf: options.promptOf, history: false };
  const parser = createTranscriptParser(parserContext, own?.parser ?? emptyParserState());
  let historyEnd = own?.historyEnd ?? 0;
  let active = new Set<string>();
  if (!own || own.offset < own.historyEnd) {
    const branch = await activeBranch(thread.transcript);
    active = branch.active;
    historyEnd = own ? own.historyEnd : branch.end;
    if (!own && branch.end === 0) parser.state.fresh = thread.forkOf === undefined;
  }
  const recent = new Set<string>();
  const waiting = new Map<string, Set<() => void>>();
  let offset = own?.offset ?? 0;
  let committed = offset;
  /** Newest moment of what was told so far. */
  let lastAt = own?.lastAt;
  /** What the file says of before was told already: it began anew, or stdout told it. */
  let pastUntil = own?.pastUntil;
  const past = createTranscriptParser({ promptOf: options.promptOf, history: true });
  const told = new Set<string>();
  const subParsers = new Map<string, TranscriptParser>();
  let lineCount = 0;
  let searchedAt = 0;
  let problem: string | undefined;
  const copied = thread.forkOf === undefined ? null : (await activeBranch(thread.forkOf)).active;
  const closing = Promise.withResolvers<void>();
  let closed = false;
  let held = false;

  const subs: SubagentFeed = createSubagentFeed({
    context,
    transcript: thread.transcript,
    saved: own?.subs ?? {},
    mark: () => mark(),
    onFact: options.onFact,
  });

  function mark(): { "claude.tail": TailMark } {
    const times = { ...(lastAt === undefined ? {} : { lastAt }), ...(pastUntil === undefined ? {} : { pastUntil }) };
    const state = structuredClone(parser.state);
    return { "claude.tail": { threadId: thread.id, offset, historyEnd, ...times, parser: state, subs: subs.mark() } };
  }

  function note(uuid: string): void {
    recent.add(uuid);
    if (recent.size > MAX_RECENT) recent.delete(recent.values().next().value as string);
    for (const done of waiting.get(uuid) ?? []) done();
    waiting.delete(uuid);
  }

  function seen(at: number | undefined): void {
    if (at !== undefined) lastAt = Math.max(lastAt ?? at, at);
  }

  /** A prompt of ours that has not begun is new whatever its line says. */
  function wasTold(uuid: string | undefined, at: number | undefined): boolean {
    if (pastUntil === undefined || at === undefined || at > pastUntil) return false;
    return uuid === undefined || options.promptOf(uuid)?.recorded !== false;
  }

  function readLine(line: ByteLine): void {
    const json = parseTranscriptLine(line.text);
    lineCount += 1;
    if (!json) return options.onUnreadable(line.start);
    const uuid = str(json["uuid"]);
    const at = timeOf(json);
    const before = line.end <= historyEnd;
    const again = wasTold(uuid, at);
    const old = before || (uuid !== undefined && copied?.has(uuid) === true);
    const skipped = uuid !== undefined && (told.has(uuid) || ((before || again) && active.size > 0 && !active.has(uuid)));
    parserContext.history = old;
    const parsed = skipped ? { records: [], facts: [] } : (again ? past : parser).read(json);
    offset = line.end;
    seen(at);
    // Whoever waits for its prompt hears of it, also when its line is told a second time.
    for (const fact of parsed.facts) if (!old && (!again || fact.type === "prompts")) options.onFact(fact);
    emit(parsed, old || again);
    if (parsed.records.length > 0) committed = offset;
    if (uuid !== undefined) note(uuid);
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
    if (uuid === undefined || told.has(uuid) || recent.has(uuid)) return false;
    told.add(uuid);
    if (told.size > MAX_RECENT) told.delete(told.values().next().value as string);
    seen(timeOf(line));
    pastUntil = lastAt;
    const parsed = parserOf(str(line["parent_tool_use_id"])).read(line);
    for (const fact of parsed.facts) options.onFact(fact);
    emit(parsed, false);
    note(uuid);
    return true;
  }

  function parserOf(parent: string | undefined): TranscriptParser {
    parserContext.history = false;
    if (parent === undefined) return parser;
    const known = subParsers.get(parent) ?? createTranscriptParser({ promptOf: () => undefined, history: false, parent });
    subParsers.delete(parent);
    subParsers.set(parent, known);
    if (subParsers.size > MAX_SUBS) subParsers.delete(subParsers.keys().next().value as string);
    return known;
  }

  async function readLines(lines: readonly ByteLine[]): Promise<void> {
    for (const line of lines) {
      if (closed) return;
      readLine(line);
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

  function onError(cause: unknown): void {
    const said = String(cause);
    // Said once, not at every look.
    if (problem !== said) context.log.warn("claude.transcript_unreadable", { cause: said });
    problem = said;
  }

  async function elsewhere(): Promise<string | undefined> {
    const now = Date.now();
    if (now - searchedAt < SEARCH_EVERY_MS) return undefined;
    searchedAt = now;
    return findTranscript(context.env, context.cwd, thread.id);
  }

  function onMoved(path: string): void {
    context.log.info("claude.transcript_moved", { from: thread.transcript, to: path });
    thread = { ...thread, transcript: path };
    subs.moveTo(path);
    options.onMoved(thread);
  }

  async function onReset(): Promise<void> {
    context.log.warn("claude.transcript_replaced", { path: thread.transcript });
    offset = 0;
    committed = 0;
    historyEnd = 0;
    pastUntil = lastAt;
    active = (await activeBranch(thread.transcript)).active;
  }

  const tailer: Tailer = createTailer({
    path: thread.transcript,
    offset,
    async onLines(lines) {
      problem = undefined;
      await readLines(lines);
    },
    onReset,
    onError,
    elsewhere,
    onMoved,
  });

  function follow(path: string): void {
    // A report may be older than the move that followed it.
    if (path === tailer.path || (!existsSync(path) && (tailer.isThere || existsSync(tailer.path)))) return;
    tailer.moveTo(path);
  }

  async function look(): Promise<void> {
    searchedAt = 0;
    await tailer.sync();
    const newest = newestTranscript(context.env, thread.id);
    if (newest !== undefined && newest !== tailer.path) tailer.moveTo(newest);
    await tailer.sync();
    await subs.sync();
  }

  return {
    get thread() {
      return thread;
    },
    get isThere() {
      return tailer.isThere;
    },
    get problem() {
      return problem;
    },
    get lines() {
      return lineCount;
    },
    parser,
    has: (uuid) => recent.has(uuid),
    follow,
    look,
    tell,
    async sync() {
      await tailer.sync();
      await subs.sync();
    },
    async reached(uuid, withinMs) {
      if (recent.has(uuid)) return true;
      await tailer.sync();
      if (recent.has(uuid)) return true;
      return await new Promise((resolve) => {
        const set = waiting.get(uuid) ?? new Set();
        waiting.set(uuid, set);
        const timer = setTimeout(() => {
          set.delete(found);
          resolve(false);
        }, withinMs);
        const found = (): void => {
          clearTimeout(timer);
          resolve(true);
        };
        set.add(found);
      });
    },
    get held() {
      return held;
    },
    mark,
    async close() {
      closed = true;
      closing.resolve();
      await tailer.close();
      await subs.close();
    },
  };
}

function timeOf(line: Json): number | undefined {
  const at = Date.parse(str(line["timestamp"]) ?? "");
  return Number.isNaN(at) ? undefined : at;
}
