/**
 * What the driver must know of its thread after a kill of the session process: plain JSON, a checkpoint with the records it produced. What the thread
 * itself holds (its items) is not kept here: it is asked again.
 */
import type { AgentEvent, AgentFailure, TurnOutcome } from "@hapi/protocol";
import type { AgentRequest, DriverEvent, DriverLog } from "../driver.ts";
import type { RpcId } from "../shared/jsonrpc.ts";
import type { Fields } from "../shared/read.ts";
import type { ThreadSettings } from "./modes.ts";

export const STATE_KEY = "codex.state";

/** Of the whole thread, as Codex counts. */
export interface Tokens {
  input: number;
  cached: number;
  cacheWrite: number;
  output: number;
}

export interface Turn {
  id: string;
  /** Its `turn-started` stands. */
  begun: boolean;
  /** A failed turn once more: no words of a person begin it. */
  retry: boolean;
  /** Prompts of ours in it. */
  localIds: string[];
  /** Tool calls that were told, and those of them that have no result yet, as Codex showed them when they began. */
  called: string[];
  open: Record<string, Fields>;
  plans: number;
  retries: number;
  base: Tokens | null;
}

export interface OpenRequest {
  request: AgentRequest;
  rpcId: RpcId;
  method: string;
  /** The item that it holds up. */
  itemId: string | null;
  params: Fields;
  /** What was answered, and the words of it: durable before the server has them. */
  answered: "approved" | "denied" | null;
  reply?: unknown;
  reason?: string;
  /** Nobody is asked any more; the item says which answer was taken. */
  resolved?: true;
}

export interface CodexState {
  v: 1;
  launchId: string;
  threadId: string;
  settings: ThreadSettings;
  /** The model that the thread was begun with. */
  firstModel: string;
  mode: string | null;
  turn: Turn | null;
  /** Prompts of ours that a turn was given and that do not stand in the thread yet, each with the id of that turn. */
  given?: Record<string, string>;
  /** The newest turn of which everything is told. */
  toldTurn: string | null;
  lastTurn: { localId: string | null; outcome: TurnOutcome } | null;
  requests: Record<string, OpenRequest>;
  /** Of this turn items may stand in the thread that nobody has read: server and session process ended in its middle. */
  unread: string | null;
  /** Prompts of ours that stand in the thread, newest last. */
  seen: string[];
  /** Where the thread is on this machine's disk. */
  path: string | null;
  tokens: Tokens | null;
  gauge: { used: number; size: number | null } | null;
  /** Something that the account may use is used up until then. */
  usedUpUntil?: number | null;
  title: string | null;
}

const MAX_SEEN = 500;

export const newState = (launchId: string, threadId: string, settings: ThreadSettings): CodexState => ({
  v: 1,
  launchId,
  threadId,
  settings,
  firstModel: settings.model,
  mode: null,
  turn: null,
  toldTurn: null,
  lastTurn: null,
  requests: {},
  unread: null,
  seen: [],
  path: null,
  tokens: null,
  gauge: null,
  title: null,
});

export function sawPrompt({ state }: Translation, localId: string): void {
  if (!state.seen.includes(localId)) state.seen = [...state.seen, localId].slice(-MAX_SEEN);
}

export const newTurn = (id: string, retry: boolean): Turn => ({
  id,
  begun: false,
  retry,
  localIds: [],
  called: [],
  open: {},
  plans: 0,
  retries: 0,
  base: null,
});

/** What every translating function works with. */
export interface Translation {
  readonly state: CodexState;
  readonly log: DriverLog;
  /** Was this client id handed by us? Another client's prompt is typed at the terminal. */
  isOurs(clientId: string): boolean;
  /** Its stage "handed" is told: now, where it was not before. */
  handed(localId: string): void;
  /** It was sent, and the server has not answered: whoever sent it says what became of it. */
  isOnItsWay(localId: string): boolean;
  /** A word that nobody decided about. */
  unknown(place: string, word: string): void;
  now(): number;
  emit(event: DriverEvent): void;
}

/** `at`: when, by the thread's own word. */
export function record(to: Translation, { key, at }: { key: string; at?: number | undefined }, event: AgentEvent): void {
  to.emit({ type: "record", key, event, at: at ?? to.now() });
}

export interface Ending {
  outcome: TurnOutcome;
  failure?: AgentFailure;
  durationMs?: number | undefined;
}

export function stageAll(to: Translation, localIds: readonly string[], { outcome, failure }: Ending): void {
  const stage = outcome === "completed" ? "done" : outcome;
  for (const localId of localIds) to.emit({ type: "stage", localId, stage, ...(failure ? { failure } : {}) });
}
