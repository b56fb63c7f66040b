/**
 * The file of a conversation, wherever Claude has it: read on when it was moved, searched for when it is gone, and taken where Claude's own
 * reports name it.
 */
import type { ByteLine } from "../shared/byte-lines.ts";
import { attempt } from "@hapi/platform/lean";
import { createTailer } from "../shared/tailer.ts";
import { findTranscript, newestTranscript } from "./paths.ts";
import type { ThreadMark } from "./state.ts";
import type { ClaudeContext } from "./system.ts";
import { activeBranch } from "./transcript-file.ts";

/** How often the other folders are searched for a file that is not where it was. */
const SEARCH_EVERY_MS = 2_000;

export interface Branch {
  active: Set<string>;
  end: number;
}

export interface TranscriptPlace {
  /** With the path at which it is read now. */
  readonly thread: ThreadMark;
  /** There was a file at that path when it was looked at last. */
  readonly isThere: boolean;
  /** Why it could not be read lately. */
  readonly problem: string | undefined;
  sync(): Promise<void>;
  /** Claude itself named its path. */
  follow(path: string): void;
  /** Looks for the file wherever Claude may have put it, and reads it. */
  look(): Promise<void>;
  close(): Promise<void>;
}

export interface PlaceOptions {
  context: ClaudeContext;
  thread: ThreadMark;
  offset: number;
  onLines(lines: readonly ByteLine[]): Promise<void>;
  /** It begins anew; null: what it holds now can't be read. */
  onReset(branch: Branch | null): void;
  onMoved(thread: ThreadMark): void;
}

export function openTranscriptPlace(options: PlaceOptions): TranscriptPlace {
  const { context } = options;
  let { thread } = options;
  let searchedAt = 0;
  let problem: string | undefined;

  function onError(cause: unknown): void {
    const said = String(cause);
    // Said once, not at every look.
    if (problem !== said) context.log.warn("claude.transcript_unreadable", { cause: said });
    problem = said;
  }

  const { files } = context.system;
  const exists = (path: string): boolean => attempt(() => files.facts(path), "it can't be looked at, so it can't be read either") != null;

  const tailer = createTailer({
    files,
    clock: context.clock,
    path: thread.transcript,
    offset: options.offset,
    async onLines(lines) {
      problem = undefined;
      await options.onLines(lines);
    },
    async onReset() {
      context.log.warn("claude.transcript_replaced", { path: thread.transcript });
      options.onReset(await readBranch(context, thread.transcript));
    },
    onError,
    async elsewhere() {
      const now = context.clock.now();
      if (now - searchedAt < SEARCH_EVERY_MS) return undefined;
      searchedAt = now;
      return findTranscript(context, thread.id);
    },
    onMoved(path) {
      context.log.info("claude.transcript_moved", { from: thread.transcript, to: path });
      thread = { ...thread, transcript: path };
      options.onMoved(thread);
    },
  });

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
    sync: () => tailer.sync(),
    follow(path) {
      // A report may be older than the move that followed it.
      if (path === tailer.path || (!exists(path) && (tailer.isThere || exists(tailer.path)))) return;
      tailer.moveTo(path);
    },
    async look() {
      searchedAt = 0;
      await tailer.sync();
      const newest = newestTranscript(context, thread.id);
      if (newest === undefined || newest === tailer.path) return;
      tailer.moveTo(newest);
      await tailer.sync();
    },
    close: () => tailer.close(),
  };
}

/** The active branch as the file has it now; null where it can't be read. */
export async function readBranch(context: ClaudeContext, path: string): Promise<Branch | null> {
  try {
    return await activeBranch(context.system.files, path);
  } catch (cause) {
    context.log.warn("claude.transcript_unreadable", { path, cause });
    return null;
  }
}
