/**
 * Sub-agents write files of their own beside the transcript; a small file next to each names the tool call that started it. Their lines are
 * emitted with that call as parent.
 */
import { join } from "node:path";
import { every } from "@hapi/platform/lean";
import { createTailer, type Tailer } from "../shared/tailer.ts";
import type { ByteLine } from "../shared/byte-lines.ts";
import { parseJson, parseTranscriptLine, str } from "./json.ts";
import { emptyParserState, type ParserState } from "./parser-state.ts";
import { subagentsDir } from "./paths.ts";
import type { TailMark } from "./state.ts";
import type { ClaudeContext } from "./system.ts";
import { createTranscriptParser, type TranscriptFact } from "./transcript-parser.ts";

/** Followed at once; the oldest are let go, and come back when their file grows. */
const MAX_FOLLOWED = 16;
const MAX_REMEMBERED = 200;
const LOOK_EVERY_MS = 500;
const POLL_MS = 1_000;

export interface SubagentFeed {
  /** Looks for files that are new. */
  look(): Promise<void>;
  sync(): Promise<void>;
  /** Claude moved the transcript, and these files with it. */
  moveTo(transcript: string): void;
  mark(): TailMark["subs"];
  close(): Promise<void>;
}

interface Followed {
  parent: string;
  offset: number;
  parser: ParserState;
  tailer: Tailer;
}

export function createSubagentFeed(options: {
  context: ClaudeContext;
  transcript: string;
  saved: TailMark["subs"];
  mark(): Record<string, unknown>;
  onFact(fact: TranscriptFact): void;
  stopping(): boolean;
}): SubagentFeed {
  const { context } = options;
  const { files } = context.system;
  let dir = subagentsDir(options.transcript);
  const followed = new Map<string, Followed>();
  const forgotten: TailMark["subs"] = { ...options.saved };
  /** Numbers only; as many as the folder has files. */
  const sizes = new Map<string, number>();
  const closing = Promise.withResolvers<void>();
  let closed = false;
  let looking: Promise<void> | null = null;

  let problem: string | undefined;

  function onError(cause: unknown): void {
    const said = String(cause);
    // Said once, not at every look.
    if (problem !== said) context.log.warn("claude.subagent_unreadable", { cause: said });
    problem = said;
  }

  const fileOf = (agentId: string): string => join(dir, `agent-${agentId}.jsonl`);

  function follow(agentId: string, parent: string): void {
    const saved = forgotten[agentId];
    delete forgotten[agentId];
    const parser = createTranscriptParser(
      { promptOf: () => undefined, history: false, parent, stopping: options.stopping },
      saved?.parser ?? emptyParserState(),
    );
    const entry: Followed = { parent, offset: saved?.offset ?? 0, parser: parser.state, tailer: undefined as never };

    const onLines = async (lines: readonly ByteLine[]): Promise<void> => {
      for (const line of lines) {
        const json = parseTranscriptLine(line.text);
        entry.offset = line.end;
        if (!json || closed) continue;
        const parsed = parser.read(json);
        for (const fact of parsed.facts) options.onFact(fact);
        parsed.records.forEach((record, index) => {
          const checkpoint = index === parsed.records.length - 1 ? { checkpoint: options.mark() } : {};
          context.emit({ type: "record", ...record, ...checkpoint });
        });
      }
      await Promise.race([context.room?.(), closing.promise]);
    };
    entry.tailer = createTailer({
      files,
      clock: context.clock,
      path: fileOf(agentId),
      offset: entry.offset,
      onLines,
      onError,
      pollMs: POLL_MS,
    });
    followed.set(agentId, entry);
  }

  /** The oldest is let go; its offset is kept, and should it write again it is found again. */
  async function makeRoom(): Promise<void> {
    for (const [agentId, entry] of followed) {
      if (followed.size <= MAX_FOLLOWED) return;
      followed.delete(agentId);
      forgotten[agentId] = { offset: entry.offset, parent: entry.parent, parser: emptyParserState() };
      await entry.tailer.close();
    }
    const ids = Object.keys(forgotten);
    for (const id of ids.slice(0, Math.max(0, ids.length - MAX_REMEMBERED))) delete forgotten[id];
  }

  /** Files whose size was seen and has not changed have nothing new. */
  function hasGrown(agentId: string, name: string): boolean {
    const size = files.facts(join(dir, name))?.size ?? 0;
    const before = sizes.get(agentId) ?? forgotten[agentId]?.offset;
    sizes.set(agentId, size);
    return before === undefined || size > before;
  }

  function parentOf(agentId: string): string | undefined {
    const path = join(dir, `agent-${agentId}.meta.json`);
    return files.facts(path) === null ? undefined : str(parseJson(files.text(path))?.["toolUseId"]);
  }

  async function lookOnce(): Promise<void> {
    // Most conversations have none.
    if (files.facts(dir) === null) return;
    for (const name of files.names(dir)) {
      const agentId = /^agent-(.+)\.jsonl$/.exec(name)?.[1];
      if (agentId === undefined || followed.has(agentId) || closed) continue;
      const parent = forgotten[agentId]?.parent ?? parentOf(agentId);
      if (parent !== undefined && hasGrown(agentId, name)) follow(agentId, parent);
    }
    await makeRoom();
  }

  function look(): Promise<void> {
    looking ??= lookOnce()
      .catch(onError)
      .finally(() => {
        looking = null;
      });
    return looking;
  }

  const stopLooking = every(context.clock, LOOK_EVERY_MS, () => void look(), { unref: true });

  return {
    look,
    async sync() {
      await look();
      await Promise.all([...followed.values()].map((entry) => entry.tailer.sync()));
    },
    moveTo(transcript) {
      dir = subagentsDir(transcript);
      for (const [agentId, { tailer }] of followed) tailer.moveTo(fileOf(agentId));
    },
    mark() {
      const live = [...followed].map(([id, { offset, parent, parser }]) => [id, { offset, parent, parser: structuredClone(parser) }]);
      return { ...forgotten, ...(Object.fromEntries(live) as TailMark["subs"]) };
    },
    async close() {
      closed = true;
      closing.resolve();
      stopLooking();
      await looking;
      await Promise.all([...followed.values()].map((entry) => entry.tailer.close()));
    },
  };
}
