/**
 * The conversation that the session is about: its id, where Claude keeps its record, and the one feed that reads there. Which one it is becomes
 * durable before anything is read of it; several sources tell of the same one at once, so one is entered after the other.
 */
import { findTranscript, transcriptPath } from "./paths.ts";
import { commitMarks, readMark, type ThreadMark } from "./state.ts";
import type { ClaudeContext } from "./system.ts";
import { type FeedOptions, openTranscriptFeed, type TranscriptFeed } from "./transcript-feed.ts";

export interface ThreadPlace {
  transcript?: string;
  forkOf?: string;
  /** Begun by this session: what stands in its file by now is no history. */
  isNew?: boolean;
}

export interface WantedThread {
  threadId: string;
  where: ThreadPlace;
}

/** `commit`: what is durable says something else. */
export type Entry = { do: "follow"; transcript: string | undefined } | { do: "enter"; mark: ThreadMark; commit: boolean };

/** Pure, but for `find`, which looks for the record; `isRead`: a feed reads the present one. */
export function entryOf(
  { threadId, where }: WantedThread,
  present: { thread: ThreadMark | null; isRead: boolean },
  find: (known: string | undefined) => string,
): Entry {
  const same = present.thread?.id === threadId ? present.thread : null;
  if (same && present.isRead) return { do: "follow", transcript: where.transcript };
  const transcript = find(where.transcript ?? same?.transcript);
  const forkOf = where.forkOf ?? same?.forkOf;
  const mark: ThreadMark = { id: threadId, transcript, ...(forkOf === undefined ? {} : { forkOf }) };
  return { do: "enter", mark, commit: same?.transcript !== transcript };
}

export interface ThreadOptions {
  context: ClaudeContext;
  feed: Omit<FeedOptions, "context" | "thread" | "isNew" | "onMoved" | "onUnreadable">;
  onUnreadable(thread: ThreadMark, offset: number): void;
}

export class Thread {
  readonly #context: ClaudeContext;
  readonly #options: ThreadOptions;
  #mark: ThreadMark | null;
  #feed: TranscriptFeed | null = null;
  #entering: Promise<unknown> = Promise.resolve();
  #isDisposed = false;

  constructor(options: ThreadOptions) {
    this.#context = options.context;
    this.#options = options;
    this.#mark = readMark(options.context, "claude.thread") ?? null;
  }

  get mark(): ThreadMark | null {
    return this.#mark;
  }

  get feed(): TranscriptFeed | null {
    return this.#feed;
  }

  /** Where the record is now; undefined: there is none. */
  get transcript(): string | undefined {
    return this.#mark ? findTranscript(this.#context, this.#mark.id, this.#mark.transcript) : undefined;
  }

  get hadPast(): boolean {
    if (!this.#mark) return false;
    const tail = readMark(this.#context, "claude.tail");
    const wasRead = tail?.threadId === this.#mark.id && tail.offset > 0;
    return wasRead || readMark(this.#context, "claude.answered")?.threadId === this.#mark.id;
  }

  /** Durable, announced, and read from where it was left. */
  use(wanted: WantedThread): Promise<void> {
    const mine = this.#entering.then(() => this.#enter(wanted));
    this.#entering = mine.catch(() => undefined);
    return mine;
  }

  async dispose(): Promise<void> {
    this.#isDisposed = true;
    await this.#feed?.close();
    this.#feed = null;
  }

  async #enter(wanted: WantedThread): Promise<void> {
    if (this.#isDisposed) return;
    const present = { thread: this.#mark, isRead: this.#feed !== null };
    const entry = entryOf(wanted, present, (known) => this.#find(wanted.threadId, known));
    if (entry.do === "follow") {
      if (entry.transcript !== undefined) this.#feed?.follow(entry.transcript);
      return;
    }
    if (this.#feed) {
      await this.#feed.sync();
      await this.#feed.close();
      this.#feed = null;
    }
    if (entry.commit) await commitMarks(this.#context, { "claude.thread": entry.mark });
    this.#mark = entry.mark;
    this.#context.emit({ type: "thread", threadId: entry.mark.id });
    await this.#open(entry.mark, wanted.where.isNew);
  }

  #find(threadId: string, known: string | undefined): string {
    return findTranscript(this.#context, threadId, known) ?? known ?? transcriptPath(this.#context, threadId);
  }

  async #open(mark: ThreadMark, isNew: boolean | undefined): Promise<void> {
    const opened = await openTranscriptFeed({
      ...this.#options.feed,
      context: this.#context,
      thread: mark,
      isNew,
      onUnreadable: (offset) => this.#options.onUnreadable(mark, offset),
      onMoved: (moved) => this.#keep(moved),
    });
    if (this.#isDisposed) await opened.close();
    else this.#feed = opened;
  }

  #keep(mark: ThreadMark): void {
    this.#mark = mark;
    commitMarks(this.#context, { "claude.thread": mark }).catch((cause: unknown) =>
      this.#context.log.warn("claude.thread_not_kept", { cause }),
    );
  }
}
