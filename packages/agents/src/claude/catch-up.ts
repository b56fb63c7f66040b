/**
 * A driven Claude's words come from its transcript, which lags stdout. Here that is waited for, and where it does not come (it is gone, unreadable,
 * or silent) what stdout said is told in its place, under the same keys, with a warning. Nothing that was said stays unsaid.
 */
import { every, within } from "@hapi/platform/lean";
import type { Core } from "./core.ts";
import type { Json } from "./json.ts";
import { str } from "./json.ts";
import { createSpoken } from "./spoken.ts";

/** Not every prompt stands in the record: a command may be carried out without it. */
const PROMPT_MS = 500;
/** How often what was said is looked after in a long turn. */
const WATCH_MS = 1_000;

export interface CatchUp {
  /** A line of stdout that the transcript should have: `assistant` or `user`. */
  heard(line: Json): void;
  /** Before the end of a turn: until everything said in it was told. `ended`: the prompts that end with it, where that is known. */
  untilTold(ended?: readonly string[]): Promise<void>;
  /** The process is gone: what it still said and did not write down. */
  flush(): Promise<void>;
  close(): void;
}

export interface CatchUpOptions {
  core: Core;
  launchId: string;
  /** The process is being ended: nothing is waited for any longer. */
  hurry(): boolean;
}

export function createCatchUp(options: CatchUpOptions): CatchUp {
  const { core } = options;
  const { context } = core;
  const { clock } = context;
  const { absentMs, silentMs } = core.patience;
  const spoken = createSpoken();
  /** The first line that did not come; until one does again it is one loss. */
  let lostAt: string | null = null;
  /** Told from the output in this turn: that they stand in the feed says nothing of the record. */
  const told = new Set<string>();
  let threadId = core.thread?.id;
  let stopWatching: (() => void) | null = null;
  let looking = false;

  function heard(line: Json): void {
    if (threadId !== core.thread?.id) spoken.endTurn();
    threadId = core.thread?.id;
    spoken.add(line, clock.now());
    spoken.drop((uuid) => core.feed?.has(uuid) === true);
    stopWatching ??= every(clock, WATCH_MS, watch, { unref: true });
  }

  function watch(): void {
    overdue().catch((cause: unknown) => context.log.warn("claude.catch_up_failed", { cause }));
  }

  function close(): void {
    stopWatching?.();
    stopWatching = null;
  }

  /** In a long turn: what was said long ago and is not written down is told now, not at its end. */
  async function overdue(): Promise<void> {
    const { feed } = core;
    if (looking || !feed || feed.held) return;
    spoken.drop(feed.has);
    const first = spoken.lines.find(({ isSure }) => isSure);
    if (!first) return close();
    const age = clock.now() - first.at;
    if (age < absentMs) return;
    looking = true;
    try {
      await feed.look();
      const isOut = feed.has(str(first.line["uuid"]) ?? "");
      if (!isOut && (!feed.isThere || age >= silentMs)) tell("said");
    } finally {
      looking = false;
    }
  }

  async function untilTold(ended: readonly string[] = []): Promise<void> {
    try {
      if (spoken.last === undefined) await promptComes(ended);
      if (!(await comes(spoken.last))) tell(options.hurry() ? "hurried" : "said");
    } finally {
      spoken.endTurn();
      told.clear();
      close();
    }
  }

  /** A turn without an answer: its beginning stands before its end all the same. */
  async function promptComes(ended: readonly string[]): Promise<void> {
    const prompt = spoken.lines.findLast(({ line }) => line["type"] !== "assistant" && line["parent_tool_use_id"] == null);
    // Of a command Claude may say nothing at all on stdout but that it began.
    const unread = core.prompts.pending.filter((one) => !one.recorded);
    const awaited = unread.findLast((one) => one.begun) ?? unread.findLast((one) => ended.includes(one.uuid));
    const uuid = str(prompt?.line["uuid"]) ?? awaited?.uuid;
    const { feed } = core;
    if (uuid === undefined || feed?.held !== false) return;
    // One of megabytes, which Claude refuses without a word, takes its time to be written and read.
    if (await feed.reached(uuid, isCommand(uuid) ? PROMPT_MS : absentMs)) return;
    if (!feed.isThere) await feed.look();
    // What ends was begun: its line, should it come later, says nothing new.
    if (prompt && !feed.has(uuid) && !isCommand(uuid)) feed.tell(prompt.line);
  }

  const isCommand = (uuid: string): boolean => core.prompts.known(uuid)?.text.trimStart().startsWith("/") === true;

  async function comes(uuid: string | undefined): Promise<boolean> {
    const { feed } = core;
    if (!feed || uuid === undefined) return true;
    const began = clock.now();
    // Once it is known to be gone it is looked for, and not waited for.
    while (!(await feed.reached(uuid, lostAt === null || feed.isThere ? absentMs : 0))) {
      if (feed.held && !options.hurry()) continue;
      await feed.look();
      if (feed.has(uuid)) break;
      if (!feed.isThere || options.hurry() || clock.now() - began >= silentMs) return false;
    }
    if (!told.has(uuid)) lostAt = null;
    return true;
  }

  function tell(why: "said" | "hurried"): void {
    const { feed } = core;
    if (!feed) return;
    const missing = spoken.lines.filter(({ line }) => !feed.has(str(line["uuid"]) ?? ""));
    const first = str(missing.find(({ isSure }) => isSure)?.line["uuid"]);
    if (first !== undefined && why === "said") lose(first, missing.length);
    for (const { line } of missing) {
      told.add(str(line["uuid"]) ?? "");
      feed.tell(line);
    }
    spoken.drop(feed.has);
  }

  function lose(uuid: string, lines: number): void {
    const { feed } = core;
    const kind = feed?.isThere === true ? "record_silent" : "record_missing";
    context.log.warn("claude.transcript_late", { uuid, lines, kind });
    if (lostAt !== null) return;
    lostAt = uuid;
    core.lost(kind, `${options.launchId}:${uuid}`, {
      path: feed?.thread.transcript ?? "",
      lines,
      dropped: spoken.overflow,
      ...(feed?.problem === undefined ? {} : { problem: feed.problem }),
    });
  }

  return {
    heard,
    untilTold,
    async flush() {
      close();
      const { feed } = core;
      if (!feed || spoken.lines.length === 0) return;
      await within(clock, silentMs, feed.look());
      // With the hub away and the outbox full, the rest is read when the conversation goes on.
      if (feed.held) return;
      tell(feed.isThere ? "hurried" : "said");
      spoken.endTurn();
      told.clear();
    },
    close,
  };
}
