/** What the tables in memory hold, and what a reader gets of it. */

import { backgroundCount, type PromptHolder } from "@hapi/core";
import { type AgentState, type LastTurn, type Machine, type Message, MODEL_MODES, type PromptStage, type Session } from "@hapi/protocol";
import type { PermissionParams } from "@hapi/protocol/rpc";
import type { Job } from "../../../src/jobs/store.ts";

export interface RequestRow {
  id: string;
  openedAt: number;
  request: NonNullable<AgentState["requests"]>[string];
  closedAt: number | null;
  outcome: NonNullable<AgentState["completedRequests"]>[string] | null;
  decision: PermissionParams | null;
  decidedAt: number;
}

export interface SessionRow {
  /** As it is told, but for what is made from the rest of the row. */
  session: Session;
  tag: string | null;
  activeUntil: number;
  lastSeq: number;
  lastAt: number;
  /** The last row that was work. */
  lastWork: number;
  /** The facts of rows up to this one are not stored. */
  factsAfter: number;
  epoch: number;
  mergedInto: string | null;
  /** Without requests. */
  state: AgentState | null;
  requests: readonly RequestRow[];
  /** Where and when the last end was said. */
  end: { turn: LastTurn; seq: number; saidAt: number } | null;
}

export interface MessageRow {
  sessionId: string;
  seq: number;
  id: string;
  key: string | null;
  localId: string | null;
  content: unknown;
  createdAt: number;
  invokedAt: number | null;
  position: number;
  scheduledAt: number | null;
  stage: PromptStage | null;
  detail: Record<string, unknown> | null;
  delivery: string;
  steered: boolean;
  wake: boolean;
  holder: PromptHolder;
}

export interface MachineRow {
  machine: Machine;
  activeUntil: number;
}

export interface JobRow extends Job {
  due: number | null;
  claimedUntil: number | null;
}

export const isQueued = (row: MessageRow): boolean => row.invokedAt === null && row.localId !== null;

export const byPosition = (a: MessageRow, b: MessageRow): number => a.position - b.position || a.seq - b.seq;

export const messageKey = (sessionId: string, seq: number): string => `${sessionId}\n${seq}`;

export function toSession({ session, state, requests, end }: SessionRow): Session {
  const agentState = state === null && requests.length === 0 ? null : rendered(state, requests);
  const modelMode = session.model === null ? "default" : MODEL_MODES.find((mode) => mode === session.model);
  return {
    ...session,
    agentState,
    backgroundTaskCount: backgroundCount(agentState),
    ...(modelMode === undefined ? {} : { modelMode }),
    ...(end === null ? {} : { lastTurn: end.turn }),
  };
}

function rendered(state: AgentState | null, requests: readonly RequestRow[]): AgentState {
  return {
    ...state,
    requests: Object.fromEntries(requests.flatMap(({ id, request, outcome }) => (outcome ? [] : [[id, request]]))),
    completedRequests: Object.fromEntries(requests.flatMap(({ id, outcome }) => (outcome ? [[id, outcome]] : []))),
  };
}

export function toMessage(row: MessageRow): Message {
  const { id, seq, localId, content, createdAt, invokedAt, scheduledAt, delivery, steered, stage, detail } = row;
  return {
    id,
    seq,
    localId,
    content: structuredClone(content),
    createdAt,
    invokedAt,
    ...(scheduledAt === null ? {} : { scheduledAt }),
    ...(delivery === "indeterminate" ? { deliveryState: delivery } : {}),
    ...(steered ? { steered } : {}),
    ...(stage === null ? {} : { stage }),
    ...(detail === null ? {} : { stageDetail: detail }),
  };
}
