/**
 * What the hub remembers of sessions. Methods answer after the commit; each change is logged in the same transaction and reaches the bus
 * right after it. Ids may be aliases of a merged session everywhere.
 */
import type { AgentState, Metadata, Session, SessionPatch } from "@hapi/protocol";
import type { VersionedResult } from "../events/versioned.ts";

export interface NewSession {
  id?: string;
  namespace: string;
  tag: string;
  metadata: Metadata | null;
  agentState: AgentState | null;
  model?: string | null;
  modelReasoningEffort?: string | null;
  effort?: string | null;
}

export type CreateResult = { kind: "created" | "existing"; session: Session } | { kind: "conflict" };

/** Changes that are more than a renewed lease: logged and pushed as one patch. */
export interface SessionChange {
  active?: boolean;
  activeAt?: number;
  activeUntil?: number;
  thinking?: boolean;
  thinkingAt?: number;
  turnStartedAt?: number | null;
  model?: string | null;
  modelReasoningEffort?: string | null;
  effort?: string | null;
  serviceTier?: string | null;
  permissionMode?: string | null;
  updatedAt?: number;
  pinned?: "none" | "project" | "global";
}

export interface Lease {
  id: string;
  activeAt: number;
  activeUntil: number;
}

export interface SessionStore {
  create(session: NewSession): Promise<CreateResult>;
  get(id: string): Promise<Session | null>;
  /** The id under which a session is known now; itself when it has no alias. */
  canonicalId(id: string): Promise<string>;
  list(namespace: string): Promise<Session[]>;
  /** Ordered by (updatedAt, id) descending, for cursor paging. */
  listPage(namespace: string, before: { updatedAt: number; id: string } | null, limit: number): Promise<Session[]>;
  active(): Promise<{ id: string; namespace: string; activeUntil: number; thinking: boolean }[]>;
  change(id: string, change: SessionChange, extra?: SessionPatch): Promise<Session | null>;
  /** Written to the disk, told to nobody unless `tell`. */
  renewLeases(leases: readonly Lease[], tell: boolean): Promise<void>;
  /** Replaces the metadata. `expectedVersion` null writes over whatever is there. */
  updateMetadata(
    id: string,
    expectedVersion: number | null,
    next: (current: Metadata | null) => Metadata | null,
    origin?: string,
  ): Promise<VersionedResult<Metadata | null>>;
  updateAgentState(
    id: string,
    expectedVersion: number | null,
    next: (current: AgentState | null) => AgentState | null,
    origin?: string,
  ): Promise<VersionedResult<AgentState | null>>;
  /** A person has seen what happened up to then. `isBack`: from there on it counts as unread again; else an earlier time changes nothing. */
  markSeen(id: string, at: number, isBack: boolean): Promise<void>;
  /** Says that a session ended; not a change of its row. */
  announceEnd(id: string, reason: string | undefined): Promise<void>;
  /** Folds `from` (a second row of the same conversation) into `into` and keeps its id as an alias. */
  merge(from: string, into: string): Promise<boolean>;
  /** Rows, log, attachments, search: everything. */
  remove(id: string): Promise<boolean>;
}
