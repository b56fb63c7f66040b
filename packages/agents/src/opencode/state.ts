/**
 * What the driver keeps of one conversation: plain JSON, durable. OpenCode's messages are the record; this says how far they were told, which turn
 * is open, and what was asked and answered.
 */
import type { TurnOutcome } from "@hapi/protocol";
import type { AgentRequest, DriverContext, DriverEvent, DriverMemory, DriverPrompt, RequestOutcome } from "../driver.ts";
import type { UnknownWords } from "../shared/unknown-words.ts";
import type { Mirror } from "./mirror.ts";

export const STATE_KEY = "opencode";
export const LAUNCH_KEY = "opencode.launch";
const HANDED_KEY = "opencode.handed";
const PROMPT_KEY = "opencode.prompt";
/** Older ones are finished, and the session's own ledger knows them. */
const MAX_HANDED = 500;

export interface Launch {
  id: string;
  count: number;
  /** Of the server; null until it says so. */
  url: string | null;
  /** Of the conversation's project, once that is open. */
  directory?: string;
}

/** A prompt that OpenCode has, or is about to get, and has not begun. */
export interface Pending {
  localId: string;
  messageId: string;
  retry: boolean;
  /** It was said that OpenCode has it. */
  handed?: boolean;
  /** A person stopped it before it began: it is not to run any more. */
  stopped?: boolean;
  /** Sent once more: what stands in the record may be the first of it, and it runs with the second. */
  again?: boolean;
}

export interface Turn {
  /** Of its first answer. */
  id: string;
  /** The prompt it answers. */
  userId: string;
  localId: string | null;
  startedAt: number;
  /** Its last answer so far. */
  lastId: string;
}

export interface OpenRequest {
  request: AgentRequest;
  /** Whose: this conversation's or a sub-agent's. */
  sessionId: string;
}

export interface Closing {
  outcome: RequestOutcome;
  reason?: string;
  /** The call that gives the answer, to be made again after a crash. */
  path: string;
  body: unknown;
}

export interface OpenCodeState {
  v: 1;
  threadId: string;
  /** Messages before this one are told and over. Null: from the first. */
  readFrom: string | null;
  /** Answers up to this one belong to turns that are over. */
  closedTo: string | null;
  mode: string;
  /** `provider/model`; null: OpenCode's own choice. */
  model: string | null;
  /** The model's variant, in OpenCode's word; null, or absent: none. */
  effort?: string | null;
  pending: Pending | null;
  turn: Turn | null;
  lastTurn: { localId: string | null; outcome: TurnOutcome } | null;
  requests: Record<string, OpenRequest>;
  /** Answers that were given and not confirmed. */
  sent: Record<string, Closing>;
}

export function newState(threadId: string, readFrom: string | null): OpenCodeState {
  return {
    v: 1,
    threadId,
    readFrom,
    closedTo: readFrom,
    mode: "default",
    model: null,
    pending: null,
    turn: null,
    lastTurn: null,
    requests: {},
    sent: {},
  };
}

/** A prompt in OpenCode's own ids: with the same, sending it again adds nothing. `seen`: it stands in the record. */
export interface Handed {
  localId: string;
  messageId: string;
  partIds: string[];
  seen?: true;
  /** To which launch of the server, and when (ms since 1970). Absent: an earlier version of HAPI did not write it down. */
  sent?: { to: string; at: number };
}

const handedOf = (memory: DriverMemory): Handed[] => memory.get<Handed[]>(HANDED_KEY) ?? [];
export const handedAs = (memory: DriverMemory, localId: string): Handed | undefined =>
  handedOf(memory).find((one) => one.localId === localId);
export const handedMessage = (memory: DriverMemory, messageId: string): Handed | undefined =>
  handedOf(memory).find((one) => one.messageId === messageId);

/** Values for a commit. */
export function withHanded(memory: DriverMemory, localId: string, handed: Handed | null): Record<string, unknown> {
  const others = handedOf(memory).filter((one) => one.localId !== localId);
  return { [HANDED_KEY]: handed === null ? others : [...others, handed].slice(-MAX_HANDED) };
}

export const rememberPrompt = (prompt: DriverPrompt): Record<string, unknown> => ({ [PROMPT_KEY]: prompt });
export const lastPrompt = (memory: DriverMemory): DriverPrompt | undefined => memory.get<DriverPrompt>(PROMPT_KEY);

/** What every translating function works with. */
export interface Translation {
  readonly state: OpenCodeState;
  readonly mirror: Mirror;
  readonly context: DriverContext;
  /** Keys of records told in this life, of messages that are not over. */
  readonly told: Set<string>;
  /** Words nobody decided about, by `place/word`. */
  readonly unknown: UnknownWords;
  /** Of the models on offer, by `provider/model`. */
  windows: ReadonlyMap<string, number>;
  /** Of the last prompt, where nobody chose one. */
  shownModel: string | null;
  isBusy: boolean;
  emit(event: DriverEvent): void;
}
