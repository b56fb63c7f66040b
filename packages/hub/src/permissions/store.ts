/** Requests as the permission plane needs them: what is open, and decisions that wait for a session to come back. */
import type { PermissionParams } from "@hapi/protocol/rpc";

export interface StoredDecision {
  requestId: string;
  params: PermissionParams;
}

export interface PermissionStore {
  /** First answer wins: `taken` when one waits already. */
  saveDecision(sessionId: string, requestId: string, params: PermissionParams): Promise<"saved" | "taken" | "missing">;
  decision(sessionId: string, requestId: string): Promise<StoredDecision | null>;
  /** Decisions about requests that are still open. */
  waiting(sessionId: string): Promise<StoredDecision[]>;
  dropDecision(sessionId: string, requestId: string): Promise<void>;
}
