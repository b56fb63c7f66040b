/**
 * What the ledger's entries add up to. Pure: the same entries always give the same state, so a restarted session process knows exactly what
 * the killed one had made durable. Every collection here is bounded; limits are named below.
 */
import type { AgentFailure, AgentStateCompletedRequest, Attachment, LastStart, TurnOutcome } from "@hapi/protocol";
import type { SessionPromptState } from "@hapi/core";
import type { AgentRequest, Front, RequestAnswer } from "@hapi/agents";

/** Finished prompts kept to recognise a repeated delivery. */
export const MAX_FINISHED_PROMPTS = 2_000;
/** Ends of turns kept to recognise one that is told again. */
export const MAX_ENDED_TURNS = 16;
/** Answered requests kept for history and for late second answers. */
export const MAX_CLOSED_REQUESTS = 50;

export interface PromptEntry {
  localId: string;
  messageId: string;
  seq: number | null;
  at: number;
  text: string;
  attachments: Attachment[];
  stage: SessionPromptState;
  stageAt: number;
  failure?: AgentFailure;
  row: PromptRow;
  /** Its sender's. `back`: asked for while the agent had it; where the agent turns out not to, it is not handed again. */
  wish: "run" | "back";
}

/**
 * What the hub's row says, as far as it was told from here. `queued`: it waits there too. `taken`: the hub heard, or may have heard, that the agent
 * has it; the row has left the queue and must hear the end. `gone`: taken back before that.
 */
export type PromptRow = "queued" | "taken" | "gone";

export interface BacklogEntry {
  key: string;
  content: unknown;
  at: number;
}

export interface RequestEntry {
  request: AgentRequest;
  createdAt: number;
  /** The first answer; durable before anyone is told. */
  answer?: RequestAnswer;
  answeredAt?: number;
  /** `policy`: nobody was asked. */
  answeredBy?: "person" | "policy";
  /** Permission mode in which it was asked. */
  mode?: string;
}

export interface ClosedRequest {
  id: string;
  outcome: string;
  completed: AgentStateCompletedRequest;
  /** While the agent's record has not said which answer it took: what it is told anew from. */
  doubtful?: RequestEntry;
}

/** `waiting` for its time, or `sent`. `attempt` counts those made by itself; 0: a person asked. */
export interface RetryFact {
  phase: "waiting" | "sent";
  localId: string | null;
  attempt: number;
  at: number;
  failureCode: string;
  /** It was waited for the end of a usage limit before. */
  hadLimit?: true;
}

export interface Settings {
  permissionMode?: string;
  model?: string | null;
  effort?: string | null;
}

export interface Facts {
  /** Highest hub sequence number whose message was looked at. */
  lastSeq: number | null;
  /** Front end the session should be in. */
  front: Front;
  /** `hostPid` + its start: another one means a new launch. */
  hostId: string | null;
  /** Our name for the turn that was running when last seen. */
  turn: string | null;
  /** How the last turn ended, whoever began it. */
  lastTurn: { outcome: TurnOutcome; at: number; localId?: string | null; failure?: AgentFailure } | null;
  /** Keys of the ends of turns that were taken in lately: told again after a crash, they mean nothing new. */
  endedTurns: string[];
  /** The failed turn that is to be sent again, or was sent again and has not ended. */
  retry: RetryFact | null;
  /** How the agent was started last, and with which of its threads. */
  lastStart: LastStart | null;
  /** Launch id of the terminal program the viewers should see. */
  terminal: string | null;
  lifecycle: string;
  lifecycleSince: number;
  failureCode: string | null;
  /** Chosen mode and model as the hub last had them. */
  published: { permissionMode?: string; model: string | null; effort?: string | null } | null;
  /** Mode and model that the agent was seen in, while its process lives. */
  inForce: Settings | null;
}

export interface LedgerState {
  prompts: Map<string, PromptEntry>;
  backlog: Map<string, BacklogEntry>;
  open: Map<string, RequestEntry>;
  closed: Map<string, ClosedRequest>;
  memory: Record<string, unknown>;
  facts: Facts;
}

export type LedgerEntry =
  | { k: "prompt"; prompt: PromptEntry }
  /** A person sends a finished or unknown prompt again, under the same id. */
  | { k: "requeued"; prompt: PromptEntry }
  | { k: "unwanted"; localId: string }
  /** Never handed, and the hub's alone again: it comes anew with the next start. */
  | { k: "returned"; localIds: string[] }
  | { k: "stage"; localId: string; stage: SessionPromptState; at: number; failure?: AgentFailure; row?: PromptRow }
  | { k: "out"; key: string; content: unknown; at: number; memory?: Record<string, unknown> }
  | { k: "acked"; keys: string[] }
  | { k: "memory"; values: Record<string, unknown> }
  /** `reopen`: the agent still waits although the request was closed here. */
  | { k: "request"; entry: RequestEntry; reopen?: boolean }
  | { k: "answer"; id: string; answer: RequestAnswer; at: number; by: "person" | "policy" }
  /** The agent could not take that answer, and asks still. */
  | { k: "unanswered"; id: string }
  | { k: "closed"; request: ClosedRequest }
  | { k: "facts"; patch: Partial<Facts> }
  | { k: "snapshot"; state: Snapshot };

export interface Snapshot {
  prompts: PromptEntry[];
  /** The backlog. This is its name on the disk, where older versions read it. */
  outbox: BacklogEntry[];
  open: RequestEntry[];
  closed: ClosedRequest[];
  memory: Record<string, unknown>;
  facts: Facts;
}

/** Stages of which the hub hears nothing. */
export const UNTOLD: ReadonlySet<SessionPromptState> = new Set(["queued", "handing", "canceled"]);
const FINAL: ReadonlySet<SessionPromptState> = new Set(["done", "failed", "interrupted", "canceled"]);

export function isFinal(stage: SessionPromptState): boolean {
  return FINAL.has(stage);
}

/** Nothing more is done with it here by itself. */
function isSettled(stage: SessionPromptState): boolean {
  return isFinal(stage) || stage === "unknown";
}

export function emptyState(): LedgerState {
  const facts: Facts = {
    lastSeq: null,
    front: "local",
    hostId: null,
    turn: null,
    lastTurn: null,
    endedTurns: [],
    retry: null,
    lastStart: null,
    terminal: null,
    lifecycle: "initializing",
    lifecycleSince: 0,
    failureCode: null,
    published: null,
    inForce: null,
  };
  return { prompts: new Map(), backlog: new Map(), open: new Map(), closed: new Map(), memory: {}, facts };
}

function remember(memory: Record<string, unknown>, values: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined || value === null) delete memory[key];
    else memory[key] = value;
  }
}

function setStage(state: LedgerState, entry: Extract<LedgerEntry, { k: "stage" }>): void {
  const prompt = state.prompts.get(entry.localId);
  if (!prompt) return;
  prompt.stage = entry.stage;
  prompt.stageAt = entry.at;
  prompt.failure = entry.failure;
  prompt.row = entry.row ?? (UNTOLD.has(entry.stage) ? prompt.row : "taken");
  if (!isSettled(entry.stage)) return;
  // Its words are in the hub and in the agent's record; here only the id still matters. It moves to the end: oldest finished go first.
  state.prompts.delete(entry.localId);
  state.prompts.set(entry.localId, { ...prompt, text: "", attachments: [] });
  dropFinished(state);
}

function dropFinished(state: LedgerState): void {
  let surplus = -MAX_FINISHED_PROMPTS;
  for (const prompt of state.prompts.values()) if (isSettled(prompt.stage)) surplus++;
  for (const prompt of state.prompts.values()) {
    if (surplus <= 0) return;
    if (!isSettled(prompt.stage)) continue;
    state.prompts.delete(prompt.localId);
    surplus--;
  }
}

/** An id that was closed stays closed: a journal rewritten in the middle of a batch reads some entries twice. */
function addRequest(state: LedgerState, entry: RequestEntry): void {
  const { id } = entry.request;
  if (!state.open.has(id) && !state.closed.has(id)) state.open.set(id, { ...entry });
}

function unanswer(state: LedgerState, id: string): void {
  const entry = state.open.get(id);
  if (entry) Object.assign(entry, { answer: undefined, answeredAt: undefined, answeredBy: undefined });
}

function close(state: LedgerState, request: ClosedRequest): void {
  state.open.delete(request.id);
  state.closed.delete(request.id);
  state.closed.set(request.id, request);
  for (const id of state.closed.keys()) {
    if (state.closed.size <= MAX_CLOSED_REQUESTS) return;
    state.closed.delete(id);
  }
}

/** Changes `state` in place: the ledger owns it, and copying a backlog per entry would cost more than the entry. */
export function applyEntry(state: LedgerState, entry: LedgerEntry): void {
  switch (entry.k) {
    case "prompt":
      if (!state.prompts.has(entry.prompt.localId)) state.prompts.set(entry.prompt.localId, { ...entry.prompt });
      return;
    case "requeued":
      state.prompts.set(entry.prompt.localId, { ...entry.prompt });
      return;
    case "stage":
      return setStage(state, entry);
    case "returned":
      for (const localId of entry.localIds) state.prompts.delete(localId);
      return;
    case "unwanted": {
      const prompt = state.prompts.get(entry.localId);
      if (prompt) prompt.wish = "back";
      return;
    }
    case "out":
      if (!state.backlog.has(entry.key)) state.backlog.set(entry.key, { key: entry.key, content: entry.content, at: entry.at });
      if (entry.memory) remember(state.memory, entry.memory);
      return;
    case "acked":
      for (const key of entry.keys) state.backlog.delete(key);
      return;
    case "memory":
      return remember(state.memory, entry.values);
    case "request":
      if (entry.reopen) state.closed.delete(entry.entry.request.id);
      return addRequest(state, entry.entry);
    case "answer": {
      const open = state.open.get(entry.id);
      if (open && !open.answer) Object.assign(open, { answer: entry.answer, answeredAt: entry.at, answeredBy: entry.by });
      return;
    }
    case "unanswered":
      return unanswer(state, entry.id);
    case "closed":
      return close(state, entry.request);
    case "facts":
      Object.assign(state.facts, entry.patch);
      return;
    case "snapshot":
      return restore(state, entry.state);
  }
}

function restore(state: LedgerState, snapshot: Snapshot): void {
  state.prompts = new Map(snapshot.prompts.map((prompt) => [prompt.localId, prompt]));
  state.backlog = new Map(snapshot.outbox.map((entry) => [entry.key, entry]));
  state.open = new Map(snapshot.open.map((entry) => [entry.request.id, entry]));
  state.closed = new Map(snapshot.closed.map((request) => [request.id, request]));
  state.memory = snapshot.memory;
  state.facts = { ...emptyState().facts, ...snapshot.facts };
}

export function snapshotOf(state: LedgerState): Snapshot {
  return {
    prompts: [...state.prompts.values()],
    outbox: [...state.backlog.values()],
    open: [...state.open.values()],
    closed: [...state.closed.values()],
    memory: state.memory,
    facts: state.facts,
  };
}
