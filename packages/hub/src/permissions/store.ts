/** Requests as the permission plane needs them: what is open, and decisions that wait for a session to come back. */

export interface StoredDecision {
  requestId: string;
  /** Parameters of the `permission` RPC. */
  params: Record<string, unknown>;
}

export interface PermissionStore {
  /** First answer wins: `taken` when one waits already. */
  saveDecision(sessionId: string, requestId: string, params: Record<string, unknown>): Promise<"saved" | "taken" | "missing">;
  decision(sessionId: string, requestId: string): Promise<StoredDecision | null>;
  /** Decisions about requests that are still open. */
  waiting(sessionId: string): Promise<StoredDecision[]>;
  dropDecision(sessionId: string, requestId: string): Promise<void>;
}
