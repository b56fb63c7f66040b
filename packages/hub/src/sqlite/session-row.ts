/** The sessions table's row, and the wire session made from it. */
import { backgroundCount } from "@hapi/core";
import type { AgentState, Metadata, Session, TodoItem } from "@hapi/protocol";
import { MODEL_MODES } from "@hapi/protocol";
import type { KeptTurn } from "./outcome-rows.ts";

export interface SessionRow {
  pk: number;
  id: string;
  namespace: string;
  tag: string | null;
  created_at: number;
  updated_at: number;
  metadata: string | null;
  metadata_version: number;
  /** Without requests: those are rows of their own. */
  agent_state: string | null;
  agent_state_version: number;
  model: string | null;
  model_reasoning_effort: string | null;
  effort: string | null;
  service_tier: string | null;
  permission_mode: string | null;
  pinned: string;
  active: number;
  active_at: number;
  active_until: number;
  thinking: number;
  thinking_at: number;
  turn_started_at: number | null;
  todos: string | null;
  todos_updated_at: number | null;
  has_content: number;
  /** JSON of a `KeptTurn`. */
  last_turn: string | null;
  seen_at: number | null;
  last_seq: number;
  last_at: number;
  /** The last row that was work: an end before it is not the one that is told after it. */
  worked_seq: number;
  /** The facts of messages up to this one are not stored: they are read from the row. */
  facts_after: number;
  merged_into: string | null;
}

export function parseJson<T>(text: string | null): T | null {
  return text === null ? null : (JSON.parse(text) as T);
}

/** `Session.modelMode`: the alias the session was set to, beside the exact model. Undefined: it is none. */
function modelModeOf(model: string | null): string | undefined {
  if (model === null) return "default";
  return MODEL_MODES.find((mode) => mode === model);
}

export interface ParsedParts {
  agentStateVersion: number;
  agentState: AgentState | null;
  metadataText: string | null;
  metadata: Metadata | null;
}

export function toSession(row: SessionRow, { agentState, metadata }: ParsedParts): Session {
  const modelMode = modelModeOf(row.model);
  return {
    id: row.id,
    namespace: row.namespace,
    seq: row.pk,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    pinned: row.pinned === "project",
    globalPinned: row.pinned === "global",
    active: row.active === 1,
    activeAt: row.active_at,
    metadata,
    metadataVersion: row.metadata_version,
    agentState,
    agentStateVersion: row.agent_state_version,
    thinking: row.thinking === 1,
    thinkingAt: row.thinking_at,
    activeTurnStartedAt: row.turn_started_at,
    backgroundTaskCount: backgroundCount(agentState),
    ...(row.todos === null ? {} : { todos: parseJson<TodoItem[]>(row.todos) ?? [] }),
    todosUpdatedAt: row.todos_updated_at ?? 0,
    teamStateUpdatedAt: 0,
    model: row.model,
    ...(modelMode === undefined ? {} : { modelMode }),
    modelReasoningEffort: row.model_reasoning_effort,
    effort: row.effort,
    serviceTier: row.service_tier,
    ...(row.permission_mode === null ? {} : { permissionMode: row.permission_mode }),
    hasConversationContent: row.has_content === 1,
    ...(row.last_turn === null ? {} : { lastTurn: (JSON.parse(row.last_turn) as KeptTurn).turn }),
    ...(row.seen_at === null ? {} : { seenAt: row.seen_at }),
  };
}
