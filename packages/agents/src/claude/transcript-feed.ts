/**
 * Follows the transcript of a conversation and those of its sub-agents, and emits what they say. Invariant: the offset after a line becomes
 * durable with the last event of that line, so a restart repeats or misses nothing. History from before the session knew the conversation is
 * told once, and only its active branch.
 */
import type { AgentEvent } from "@hapi/protocol";
import type { DriverContext } from "../driver.ts";
import { createTailer, type Tailer } from "../shared/tailer.ts";
import type { ByteLine } from "../shared/byte-lines.ts";
import { parseTranscriptLine, str } from "./json.ts";
import { emptyParserState } from "./parser-state.ts";
import { commitMarks, readMark, type TailMark, type ThreadMark } from "./state.ts";
import { createSubagentFeed, type SubagentFeed } from "./subagent-feed.ts";
import { activeBranch } from "./transcript-file.ts";
import { createTranscriptParser, type KnownPrompt, type TranscriptFact, type TranscriptParser } from "./transcript-parser.ts";

export interface FeedOptions {
  context: DriverContext;
  thread: ThreadMark;
  promptOf(uuid: string): KnownPrompt | undefined;
  onFact(fact: TranscriptFact): void;
  /** Just before the event goes out. */
  onRecord(event: AgentEvent): void;
  /** More that must become durable with the next event. */
  marks(): Record<string, unknown>;
}

export interface TranscriptFeed {
  readonly thread: ThreadMark;
  readonly parser: TranscriptParser;
  /** Reads everything that is in the files now. */
  sync(): Promise<void>;
  /** Waits until the line of this uuid was read; false when the time is over first. */
  reached(uuid: string, withinMs: number): Promise<boolean>;
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

export async function openTranscriptFeed(options: FeedOptions): Promise<TranscriptFeed> {
  const { context, thread } = options;
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
    return { "claude.tail": { threadId: thread.id, offset, historyEnd, parser: structuredClone(parser.state), subs: subs.mark() } };
  }

  function note(uuid: string): void {
    recent.add(uuid);
    if (recent.size > MAX_RECENT) recent.delete(recent.values().next().value as string);
    for (const done of waiting.get(uuid) ?? []) done();
    waiting.delete(uuid);
  }

  function readLine(line: ByteLine): void {
    const json = parseTranscriptLine(line.text);
    if (!json) {
      context.log.warn("claude.transcript_line_unreadable", { offset: line.start });
      return;
    }
    const uuid = str(json["uuid"]);
    const before = line.end <= historyEnd;
    const old = before || (uuid !== undefined && copied?.has(uuid) === true);
    const skipped = before && uuid !== undefined && !active.has(uuid);
    parserContext.history = old;
    const parsed = skipped ? { records: [], facts: [] } : parser.read(json);
    offset = line.end;
    for (const fact of parsed.facts) if (!old) options.onFact(fact);
    parsed.records.forEach((record, index) => {
      const last = index === parsed.records.length - 1;
      options.onRecord(record.event);
      context.emit({ type: "record", ...record, ...(last ? { checkpoint: { ...options.marks(), ...mark() } } : {}) });
    });
    if (parsed.records.length > 0) committed = offset;
    if (uuid !== undefined) note(uuid);
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

  const onError = (cause: unknown): void => context.log.warn("claude.transcript_unreadable", { cause: String(cause) });
  const tailer: Tailer = createTailer({
    path: thread.transcript,
    offset,
    onLines: readLines,
    onReset: () => {
      context.log.warn("claude.transcript_replaced", { path: thread.transcript });
      offset = 0;
      committed = 0;
      historyEnd = 0;
    },
    onError,
  });

  return {
    thread,
    parser,
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
