/**
 * How the turns of a driven Claude end: its `result` line says it, and is told once the transcript has everything said before it. The end, the stages
 * of its prompts and what the conversation cost become durable with one event.
 */
import type { CatchUp } from "./catch-up.ts";
import type { Core } from "./core.ts";
import { failure, type RetryHint, retryHint, withHint } from "./failures.ts";
import { type Json, str } from "./json.ts";
import type { LiveText } from "./live-text.ts";
import type { OpenTurn } from "./parser-state.ts";
import type { RemoteBusy } from "./remote-busy.ts";
import { readResult, type TurnResult } from "./results.ts";
import { readMark } from "./state.ts";
import { isWordless, shareOf, turnEnded } from "./turn-end.ts";

const WORDLESS = "Claude Code ended the turn without a word: it can't be told whether it did anything.";

export interface RemoteResultParts {
  core: Core;
  launchId: string;
  live: LiveText;
  busy: RemoteBusy;
  words: CatchUp;
  onCompleted(): void;
  onTurnEnd(offset: number): Promise<void>;
}

export interface RemoteResults {
  /** Every line passes, for what it says of a later try. */
  hint(line: Json): void;
  /** A prompt was taken up. */
  begun(uuid: string): void;
  dropped(uuid: string): void;
  /** `after`: the offset behind the line. */
  onResult(line: Json, after: number): Promise<void>;
}

interface Ended {
  result: TurnResult;
  /** Uuids of the prompts that end with it. */
  uuids: readonly string[];
  turn: OpenTurn | null;
}

export function createRemoteResults(parts: RemoteResultParts): RemoteResults {
  const { core, live, busy } = parts;
  /** Of prompts that were taken up before these eyes, not in a stretch that is read again. */
  const begunHere = new Set<string>();
  let hint: RetryHint = { pauseMs: undefined, liftedAt: undefined };

  /** What its failure comes to; whether it was without a word, which is one. */
  function judge(ended: Ended): boolean {
    const { result, uuids } = ended;
    if (result.failure) result.failure = withHint(result.failure, hint, core.context.clock.now());
    hint = { pauseMs: undefined, liftedAt: hint.liftedAt };
    const wasSeen = !busy.replaying && uuids.some((uuid) => begunHere.has(uuid));
    const wordless = isWordless(seenOf(parts, ended, wasSeen));
    if (wordless) Object.assign(result, { outcome: "failed", failure: failure("unknown", WORDLESS) });
    for (const uuid of uuids) begunHere.delete(uuid);
    return wordless;
  }

  return {
    hint: (line) => void (hint = retryHint(line, hint)),
    begun(uuid) {
      if (!busy.replaying) begunHere.add(uuid);
    },
    dropped: (uuid) => void begunHere.delete(uuid),
    async onResult(line, after) {
      await parts.words.untilTold(readResult(line, null).uuids);
      const turn = core.feed?.endTurn() ?? null;
      const result = readResult(line, turn?.usage ?? null);
      for (const delta of live.takeOpen()) if (!busy.replaying) core.context.emit({ type: "stream", delta, done: true });
      const ended: Ended = { result, uuids: endedBy(result, core), turn };
      const wordless = judge(ended);
      const id = `result:${str(line["uuid"]) ?? `${parts.launchId}:${after}`}`;
      tellEnd(parts, ended, { id, after });
      if (wordless) core.lost("turn_empty", id, { turn: id });
      busy.set(false);
      await parts.onTurnEnd(after);
      if (result.outcome === "completed" && !busy.replaying) parts.onCompleted();
    },
  };
}

/** One result ends every prompt that was folded into its turn; without a list, those whose lines were read. */
function endedBy({ uuids }: TurnResult, { prompts }: Core): readonly string[] {
  return uuids.length > 0 ? uuids : prompts.pending.filter((prompt) => prompt.recorded).map((prompt) => prompt.uuid);
}

function seenOf({ core, busy }: RemoteResultParts, { result, uuids, turn }: Ended, wasSeen: boolean) {
  return {
    outcome: result.outcome,
    usage: result.usage,
    prompts: core.prompts.pending.filter((prompt) => uuids.includes(prompt.uuid)).map((prompt) => prompt.text),
    isNamed: uuids.length > 0,
    wasSeen,
    replaying: busy.replaying,
    isHeld: core.feed?.held === true,
    record: { isOpen: turn !== null, hasAnswer: turn?.answered === true },
    isEmpty: core.witness.isEmpty,
  };
}

function tellEnd(
  { core, launchId }: RemoteResultParts,
  { result, uuids, turn }: Ended,
  { id, after }: { id: string; after: number },
): void {
  const { context, prompts, feed } = core;
  const stage = result.outcome === "completed" ? "done" : result.outcome;
  const localIds = [...new Set([...prompts.finish(uuids, stage, result.failure), ...(turn?.localIds ?? [])])];
  const threadId = core.thread?.id ?? "";
  const { totalUsd } = result;
  const soFar = { threadId, before: readMark(context, "claude.cost"), isFresh: feed?.parser.state.fresh === true };
  const costUsd = totalUsd === undefined ? undefined : shareOf(totalUsd, soFar);
  const checkpoint = {
    ...(totalUsd === undefined ? {} : { "claude.cost": { threadId, totalUsd } }),
    "claude.out": { launchId, offset: after, busy: false },
    ...(result.outcome === "completed" && core.thread ? { "claude.answered": { threadId } } : {}),
    ...prompts.mark(),
    ...feed?.mark(),
  };
  context.emit({ type: "record", key: id, event: turnEnded({ id, result, costUsd, localIds }), at: context.clock.now(), checkpoint });
}
