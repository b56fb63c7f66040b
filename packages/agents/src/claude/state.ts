/**
 * What one conversation keeps in the session's ledger. Each key is replaced whole. Order matters: whatever must be known after a crash is
 * committed before the bytes it is about are written, and read offsets travel with the events they produced.
 */
import type { Attachment, BackgroundWork } from "@hapi/protocol";
import type { AgentRequest, DriverContext, Front } from "../driver.ts";
import type { Elicited } from "../shared/elicitation.ts";
import type { HiddenLine } from "./input-line.ts";
import type { Json } from "./json.ts";
import type { ParserState } from "./parser-state.ts";
import type { Closing, Handed } from "./request-fate.ts";

export interface ThreadMark {
  id: string;
  transcript: string;
  /** Transcript of the conversation this one branched off from: Claude copies its lines. */
  forkOf?: string;
}

export interface LaunchMark {
  id: string;
  front: Front;
  /** Grows with every launch of this session. */
  count: number;
  /** Its end was told. */
  over?: boolean;
}

/** Where reading of stdout goes on after a restart. */
export interface OutMark {
  launchId: string;
  offset: number;
  busy: boolean;
}

export interface TailMark {
  threadId: string;
  offset: number;
  /** Lines before this were there when the session met the conversation: told as history. */
  historyEnd: number;
  /** Newest moment (epoch milliseconds) of the lines told so far. */
  lastAt?: number;
  /** Lines up to this moment were told although the offset does not say so: by stdout, or before the file began anew. */
  pastUntil?: number;
  parser: ParserState;
  /** Sub-agents' files by agent id; the oldest are forgotten. */
  subs: Record<string, { offset: number; parent: string; parser: ParserState }>;
}

/** A prompt that was handed and whose turn has not ended. */
export interface PendingPrompt {
  uuid: string;
  localId: string;
  text: string;
  launchId: string;
  inputId: number;
  attachments: Attachment[];
  /** As in the prompt. */
  earlier?: string;
  /** Seen in the transcript. */
  recorded: boolean;
  /** Claude said that it took it up; its line in the transcript comes a moment later, or never when it is killed. */
  begun: boolean;
  /** A repetition by `retry`: already in the timeline. */
  hidden: boolean;
}

export interface OpenRequest {
  request: AgentRequest;
  /** Claude's own request id on stdio; absent for a hook. */
  controlId?: string;
  input: Json;
  suggestions: Json[];
  openedAt?: number;
  /** Claude's id of the prompt in which it came up. */
  prompt?: string;
  /** When its dialog came up in the terminal, by Claude's own status. */
  dialogAt?: number;
  /** Where the call was found only after it was asked; empty: the one it was taken for is another's. */
  callId?: string;
  /** Given to the hook that waits; Claude may have taken another answer. */
  handed?: Handed;
  /** An MCP server asks. */
  elicited?: Elicited;
  /** What it was answered, in words. */
  said?: string;
}

export interface ClosedMark {
  id: string;
  toolCallId?: string;
  closing: Closing;
  handed?: Handed;
}

export interface BackgroundMark {
  tasks: BackgroundWork[];
  /** Crons and wake-ups of the session. */
  timers: BackgroundWork[];
  /** Ids of the timers that go off once. */
  once?: string[];
}

export interface TypedMark {
  launchId: string;
  /** Claude's own id of it. */
  promptId: string;
  text: string;
  at: number;
}

export interface Marks {
  "claude.thread": ThreadMark;
  "claude.launch": LaunchMark;
  "claude.out": OutMark;
  "claude.tail": TailMark;
  "claude.prompts": {
    next: number;
    pending: PendingPrompt[];
    /** failed or interrupted lately: what `retry` may be about */ unfinished: { uuid: string; localId: string }[];
    /** begun and lost with the process before it was written down, or stopped before it began */ lost?: PendingPrompt;
    /** Uuids of prompts that Claude dropped before they began: it ignores them from then on. */
    spent?: string[];
  };
  /** The failed prompt that the process was made to forget, for a retry. */
  "claude.cut": { launchId: string; uuid: string };
  "claude.open": OpenRequest[];
  /** Closed lately. */
  "claude.closed": ClosedMark[];
  /** We stop the running turn: what its calls say of a rejection is no person's word. */
  "claude.stopped": { at: number | null };
  "claude.background": BackgroundMark;
  /** The launch of a terminal whose Claude sends no hooks. */
  "claude.hookless": string;
  /** The launch of a terminal whose Claude sent a hook. */
  "claude.hooked": string;
  /** A prompt that was entered in the terminal and does not stand in Claude's record yet. */
  "claude.typed": TypedMark | null;
  /** What stands in the terminal's input line and the host's keys do not tell; null: nothing. */
  "claude.line": { launchId: string; hidden: HiddenLine | null };
  "claude.cost": { threadId: string; totalUsd: number };
  /** The conversation in which a turn was completed: from then on it has a past, whatever became of its file. */
  "claude.answered": { threadId: string };
}

export function readMark<K extends keyof Marks>(context: DriverContext, key: K): Marks[K] | undefined {
  return context.memory.get<Marks[K]>(key);
}

export function commitMarks(context: DriverContext, marks: Partial<Marks>): Promise<void> {
  return context.memory.commit(marks);
}
