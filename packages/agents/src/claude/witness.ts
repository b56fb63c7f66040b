/**
 * Holds what the agent's sources say of each turn against each other, at its end. Only what is certain is a loss: a turn whose beginning was not
 * seen (another session process had it) is not judged.
 */
import { type AgentEvent, noticeWords, type NoticeWords } from "@hapi/protocol";
import type { Front, LossKind } from "../driver.ts";
import { AGENT_NAME } from "./name.ts";

/** How long one source may lag behind the others before its silence is a loss. */
export interface Patience {
  /** For a record that is not there. It lags the output by up to 100 ms; a full disk or a paused outbox makes that more. */
  absentMs: number;
  /** For one that is there and says nothing. */
  silentMs: number;
  /** For the output of a Claude that is idle by its own word. */
  outputMs: number;
  /** For a hook, which is a process of its own: with this much patience none at all is left. */
  hooksMs: number;
}

export const PATIENCE: Patience = { absentMs: 3_000, silentMs: 10_000, outputMs: 20_000, hooksMs: 30_000 };

export interface Witness {
  /** An event of the transcript, before it goes out. `past`: told before, or from before the session. */
  recorded(event: AgentEvent, past: boolean): void;
  /** An event went out, whatever its source. */
  emitted(event: AgentEvent): void;
  /** Nothing was told since the last turn ended. `wasBegun`: the running turn is known to have begun before these eyes, whatever the record says. */
  isEmpty(wasBegun: boolean): boolean;
  /** Turns in the terminal that began and ended before these eyes. */
  readonly localTurns: number;
}

export interface WitnessOptions {
  front(): Front | undefined;
  lost(kind: LossKind, id: string, details: Record<string, string | number>): void;
}

const MAX_NAMES = 10;
/** What frames a turn, and what only counts. */
const FRAME: ReadonlySet<AgentEvent["type"]> = new Set(["user-message", "turn-started", "turn-ended", "usage"]);

export function createWitness({ front, lost }: WitnessOptions): Witness {
  /** Null: not known yet. `ended`: how the last one ended, and which it was. */
  let turn: { id: string; running: true } | { id: string; running: false; outcome: string } | null = null;
  let rows = 0;
  /** Turns that began and have not ended. */
  let begun = 0;
  let localTurns = 0;
  const calls = new Map<string, string>();

  function recorded(event: AgentEvent, past: boolean): void {
    if (past || ("parent" in event && event.parent !== undefined)) return;
    if (event.type === "tool-call") calls.set(event.id, event.tool);
    if (event.type !== "agent-message" && event.type !== "tool-call") return;
    if (!turn || turn.running || turn.outcome !== "completed") return;
    // One gap is one loss, however much stands in it.
    lost("rows_outside_turn", turn.id, { after: turn.id, row: event.type });
    turn = null;
  }

  function ended(event: Extract<AgentEvent, { type: "turn-ended" }>): void {
    const wasSeen = turn?.running === true;
    turn = { id: event.id, running: false, outcome: event.outcome };
    if (!wasSeen || event.outcome !== "completed") return;
    // A driven turn without a word is judged by who reads its result: a command of Claude's own may be one.
    if (front() === "local") localTurns += 1;
    if (calls.size > 0) lost("tool_unended", event.id, { turn: event.id, tools: [...calls.values()].slice(0, MAX_NAMES).join(", ") });
  }

  return {
    recorded,
    emitted(event) {
      if ("parent" in event && event.parent !== undefined) return;
      if (!FRAME.has(event.type)) rows += 1;
      if (event.type === "tool-result") calls.delete(event.callId);
      if (event.type === "turn-ended") {
        ended(event);
        begun = Math.max(0, begun - 1);
        // The record may be ahead of the output: what the next turn has said already is that one's.
        if (begun === 0) rows = 0;
      }
      if (event.type !== "turn-started") return;
      turn = { id: event.id, running: true };
      begun += 1;
      rows = 0;
      calls.clear();
    },
    isEmpty: (wasBegun) => rows === 0 && (wasBegun || turn?.running === true),
    get localTurns() {
      return localTurns;
    },
  };
}

/** For people; undefined where it is only counted. */
export function lossWords(kind: LossKind, front: Front, details: Record<string, string | number>): NoticeWords | undefined {
  const agent = AGENT_NAME;
  switch (kind) {
    case "record_missing":
    case "record_silent":
      return noticeWords(`${kind}_${front}`, { agent });
    case "record_unreadable":
      // A Claude that was killed leaves half a line behind; what matters of it is missed by the other checks.
      return undefined;
    case "turn_empty":
    case "rows_outside_turn":
    case "output_silent":
      return noticeWords(kind, { agent });
    case "tool_unended":
      return noticeWords(kind, { agent, tools: details["tools"] ?? "" });
    case "output_lost":
      return noticeWords(OUTPUT_LOST.find((code) => code === `${kind}_${details["why"]}`) ?? kind, { agent });
    case "hooks_silent":
      return noticeWords(kind, { agent, setting: "disableAllHooks" });
  }
}

/** By `why` of the details. */
const OUTPUT_LOST = [
  "output_lost_line_too_long",
  "output_lost_line_not_handled",
  "output_lost_not_read_in_time",
  "output_lost_unreadable",
] as const;
