/** What a driver says (`driver.ts` is the port): canonical events of the agent's record, live text, requests, stages, and what it noticed to be missing. */
import type { AgentPromptState, Front } from "@hapi/core";
import type { AgentEvent, AgentFailure, BackgroundWork, ModelChoice, NoticeWords, StreamDelta } from "@hapi/protocol";
import type { AgentRequest } from "./driver.ts";

/**
 * What the agent's sources (its output, its record, its hooks) say of one turn does not fit together, so something may be missing from the history.
 * `record_missing`: there is no record. `record_silent`: it does not say what the others say. `record_unreadable`: a line of it is broken.
 * `turn_empty`: a turn came to its end without a word or deed. `rows_outside_turn`: words without a turn. `tool_unended`: a tool call without an
 * end in a turn that came to its own. `output_lost`: part of the output was not read. `output_silent`: the agent is idle by its own word, and its
 * output does not say that the turn ended. `hooks_silent`: turns in the terminal of which no hook reports.
 */
export type LossKind =
  | "record_missing"
  | "record_silent"
  | "record_unreadable"
  | "turn_empty"
  | "rows_outside_turn"
  | "tool_unended"
  | "output_lost"
  | "output_silent"
  | "hooks_silent";

export interface Loss {
  kind: LossKind;
  /** The same after a restart: counted and shown once. */
  key: string;
  /** For people; absent: it is only counted. */
  words?: NoticeWords;
  /** What was missing, and where it was looked for. */
  details: Record<string, string | number>;
}

/** `resolved`: it is over, and nobody can say how. */
export type RequestOutcome = "approved" | "denied" | "canceled" | "resolved";

export type DriverEvent =
  /**
   * A durable event from the agent's own record. `key` is unique per session and the same after a restart. `checkpoint` is the memory that
   * must become durable together with the event (read offsets): the ledger stores it only once the event is in the outbox.
   */
  | { type: "record"; key: string; event: AgentEvent; at?: number; checkpoint?: Record<string, unknown> }
  | { type: "stream"; delta: StreamDelta; done?: boolean }
  /** Said again after a restart with the same id: the receiver deduplicates. */
  | { type: "request"; request: AgentRequest }
  /**
   * The request is over: applied (the agent went on), withdrawn by the agent, or answered in the terminal. `certain: false`: nobody is asked any
   * more, but the agent's record has not said yet which answer it took; the same id is closed again when it does. `toolCallId` where it was
   * found out after the request was told. Said again after a restart.
   */
  | {
      type: "request-closed";
      id: string;
      outcome: RequestOutcome;
      by: "remote" | "terminal" | "agent";
      reason?: string;
      certain?: false;
      toolCallId?: string;
    }
  | { type: "stage"; localId: string; stage: AgentPromptState; failure?: AgentFailure }
  | { type: "thinking"; thinking: boolean }
  /** Shown as a warning, counted, and part of the diagnostics. */
  | ({ type: "loss" } & Loss)
  /**
   * A dialog stands on the agent's own screen that came with no request: it can be answered there only. Null: it is gone. `about`: in the agent's own
   * words; `since`: when it came up.
   */
  | { type: "dialog"; dialog: { about: string; since: number } | null }
  /** All that goes on beside the turns and ends with the agent's process; replaces what was said before. */
  | { type: "background"; work: readonly BackgroundWork[] }
  /** The agent's own id of this conversation, known or changed. Comes before the first prompt is handed. */
  | { type: "thread"; threadId: string }
  /**
   * In force from now on, as far as the agent shows it. `by`: its own word that a person chose it there; only that, and what was asked of the driver,
   * is a choice for later starts.
   */
  | { type: "mode"; mode: string; by?: "person" }
  | { type: "model"; model: string | null; by?: "person" }
  | { type: "effort"; effort: string | null; by?: "person" }
  | { type: "title"; title: string }
  | { type: "facts"; tools?: string[]; slashCommands?: string[]; version?: string; models?: ModelChoice[] }
  /**
   * The agent's own screen was left, and these words with it: `queued` waited behind the turn, `entered` was entered and shows nowhere, `line` stood
   * in the input line; null: something did, and what is not known. Comes before `exited`.
   */
  | { type: "unsent"; queued: readonly string[]; entered: string | null | undefined; line: string | null | undefined }
  /** The agent process of this front end ended. `expected` when `stop` asked for it. */
  | { type: "exited"; front: Front; code: number | null; signal: string | null; expected: boolean; failure?: AgentFailure }
  /**
   * The agent's own screen beside the front that takes prompts (`Conversation.terminal`) ended, and nothing else with it. `expected`: `close` or `stop`
   * asked for it, or it lost the agent that it showed, which `exited` tells by itself.
   */
  | { type: "terminal-closed"; code: number | null; signal: string | null; expected: boolean; failure?: AgentFailure };
