/**
 * What the ACP driver knows of one running agent. It is plain JSON and a checkpoint at the same time: together with `offset` it says where
 * to read on in the host's ring, so that the same events come out again after a crash, with the same keys.
 */
import type { AgentPromptState } from "@hapi/core";
import type { Attachment, ModelChoice, ToolContent, ToolKind, TurnOutcome } from "@hapi/protocol";
import type { AgentRequest, DriverEvent, DriverLog, RequestOutcome } from "../driver.ts";
import type { Elicited, FormField } from "../shared/elicitation.ts";
import type { RpcId } from "../shared/jsonrpc.ts";
import type { UnknownWords } from "../shared/unknown-words.ts";
import type { AcpProfile } from "./profile.ts";

export interface Turn {
  /** JSON-RPC id of the prompt and the input id of its write: one number for both. */
  rpcId: number;
  localId: string;
  /** The failed prompt once more: its user message stands already. */
  retry: boolean;
  startedAt: number;
  handed: boolean;
  /** The agent showed that it has the prompt. */
  begun: boolean;
  cancelled: boolean;
  /** Kept until the user message is recorded. */
  prompt: { text: string; attachments: Attachment[] } | null;
}

interface TextItem {
  id: string;
  kind: "text" | "thought";
  messageId: string | null;
  text: string;
}

export interface OpenTool {
  id: string;
  tool: string;
  kind: ToolKind;
  title: string;
  input: unknown;
  locations: { path: string; line?: number }[];
  content: ToolContent[];
  /** All text the tool has shown so far. */
  output: string;
  rawOutput: unknown;
  recorded: boolean;
  denied: boolean;
}

export interface ChoiceOption {
  id: string;
  name: string;
  kind: string;
}

export interface OpenRequest {
  request: AgentRequest;
  rpcId: RpcId;
  ask:
    | { type: "choice"; options: ChoiceOption[]; questions?: FormField[] }
    | Elicited
    | { type: "own"; method: string; questions: FormField[] };
  /** It is about no tool call, and has a row of its own under its id. */
  ownRow?: boolean;
}

/** An answer that the agent has and of which it has not shown yet that it took it. */
export interface Sent {
  open: OpenRequest;
  closing: { outcome: RequestOutcome; by: "remote"; reason?: string };
  /** What was answered, for a row of its own. */
  output: string;
}

/** An answer that must reach the agent: durable before it is written, so that a crash neither loses nor repeats it. */
export interface PendingAnswer {
  inputId: number;
  line: string;
  /** The request this answers, and how it counts once the agent goes on; a cancellation counts at once. */
  sent: Sent | null;
}

export interface AgentFacts {
  version: string | null;
  images: boolean;
  canLoad: boolean;
  /** It opens an earlier conversation without telling it again. */
  canResume?: boolean;
  /** Current values of its options that are chosen of a list, by id. */
  options?: Record<string, string>;
  modes: string[];
  /** The one it is in, in its own words; absent: it has not said. */
  mode?: string;
  /** Id of the config option that switches modes, where there is no `session/set_mode`. */
  modeOption: string | null;
  models: ModelChoice[];
  /** Id of the config option that switches models, where there is no `session/set_model`. */
  modelOption: string | null;
  model: string | null;
  /** Its option of the category `thought_level`: how hard the model thinks. Absent: it has none. */
  thought?: { option: string; first: string; value: string; values: string[] };
}

export interface AcpState {
  v: 1;
  launchId: string;
  threadId: string;
  offset: number;
  nextInput: number;
  facts: AgentFacts;
  /** HAPI's name of the permission mode. */
  mode: string | null;
  turn: Turn | null;
  lastTurn: { localId: string; outcome: TurnOutcome; launchId?: string } | null;
  item: TextItem | null;
  tools: Record<string, OpenTool>;
  /** Tool calls of this turn that have their result. */
  ended: string[];
  requests: Record<string, OpenRequest>;
  answers: PendingAnswer[];
  sent?: Sent[];
  gauge: { used: number; size: number } | null;
  cost: { total: number; reported: number } | null;
  /** Reasons of denials that the protocol has no field for; they go in front of the next prompt. */
  notes: string[];
  unknown?: UnknownWords;
  /** The agent's to-do list as it stands, where it tells only what changed. */
  todos?: { id: string; content: string; status: string }[];
  /** The agent reported an error as words: the turn that ends next has failed. */
  spoken?: { message: string; status?: number } | null;
}

export const LIMITS = {
  /** A longer answer is recorded in parts. */
  itemChars: 1 << 20,
  /** Kept of one tool's output; the rest is cut from the middle of its life, not from memory only. */
  toolOutputChars: 256 * 1024,
  toolContentChars: 512 * 1024,
  openTools: 64,
  endedTools: 1024,
  openRequests: 64,
  notes: 20,
} as const;

export function newState(launchId: string, threadId: string, facts: AgentFacts, at: { offset: number; nextInput: number }): AcpState {
  return {
    v: 1,
    launchId,
    threadId,
    ...at,
    facts,
    mode: null,
    turn: null,
    lastTurn: null,
    item: null,
    tools: {},
    ended: [],
    requests: {},
    answers: [],
    gauge: null,
    cost: null,
    notes: [],
  };
}

/** What every translating function works with: the state it changes and where its events go. */
export interface Translation {
  readonly state: AcpState;
  readonly profile: AcpProfile;
  readonly log: DriverLog;
  now(): number;
  emit(event: DriverEvent): void;
}

export function stage(to: Translation, value: AgentPromptState, failure?: Extract<DriverEvent, { type: "stage" }>["failure"]): void {
  const { turn } = to.state;
  if (turn) to.emit({ type: "stage", localId: turn.localId, stage: value, ...(failure ? { failure } : {}) });
}
