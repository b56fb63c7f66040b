/** RPC over the `/cli` socket. On the wire a method is `<session or machine id>:<name>`; params and answer are JSON strings; errors are data (`{"error": text}`). */
import * as z from "zod/mini";
import { answersSchema, DECISIONS } from "./session.ts";

export const sessionRpc = {
  permission: z.looseObject({
    id: z.string(),
    approved: z.boolean(),
    mode: z.optional(z.string()),
    allowTools: z.optional(z.array(z.string())),
    decision: z.optional(z.enum(DECISIONS)),
    answers: z.optional(answersSchema),
    /** Ours: reaches the agent. */
    reason: z.optional(z.string()),
    /** Ours: input edited by the person. */
    updatedInput: z.optional(z.unknown()),
  }),
  /** `scope:"session"` (ours) ends the agent; otherwise the running turn is interrupted. */
  abort: z.looseObject({ reason: z.optional(z.string()), scope: z.optional(z.enum(["turn", "session"])) }),
  switch: z.looseObject({ to: z.enum(["remote", "local"]), /** ours: interrupt the local turn */ now: z.optional(z.boolean()) }),
  "set-session-config": z.looseObject({
    permissionMode: z.optional(z.string()),
    model: z.optional(z.nullable(z.string())),
    effort: z.optional(z.nullable(z.string())),
    /** Ours: turns that a provider's error failed are retried by themselves. */
    autoRetry: z.optional(z.boolean()),
  }),
  killSession: z.looseObject({}),
  "handoff-local": z.looseObject({}),
  "fork-conversation": z.looseObject({ messageLocalId: z.optional(z.string()) }),
  listSlashCommands: z.looseObject({ agent: z.optional(z.string()) }),
  /** A queued prompt goes into the running turn. Answer: `{steered}`; false: the agent has it already, or it was taken back. */
  "steer-queued-message": z.looseObject({ localId: z.string() }),
  /** Ours: the models this session's agent offers. */
  "list-models": z.looseObject({}),
  /** Ours: send the last failed turn again on the same conversation. */
  "retry-turn": z.looseObject({}),
  /** Ours: the retry that waits for its time is given up. Answer: `{status: "cancelled" | "none"}`. */
  "cancel-retry": z.looseObject({}),
  /** Ours: what this session process knows of itself; the answer is a `sessionDiagnostics` without `source`. */
  diagnostics: z.looseObject({}),
  uploadFile: z.looseObject({ sessionId: z.optional(z.string()), filename: z.string(), content: z.string(), mimeType: z.string() }),
  deleteUpload: z.looseObject({ sessionId: z.optional(z.string()), path: z.string() }),
} as const;

export const machineRpcNames = [
  "spawn-happy-session",
  "stop-session",
  /** Ours: `{sessionId}` → `{status: "forgotten" | "not-found" | "active"}`; removes what the machine keeps of a deleted session. */
  "forget-session",
  "stop-runner",
  "list-directory",
  "path-exists",
  "agent-availability",
] as const;

/**
 * The answer of the `permission` RPC of our session process. Others ignore it. `applied`: the agent's own record shows that it took this answer.
 * `sent`: the agent has it, and has not shown yet which answer it took; the request's row will. `pending`: it is kept and not with the agent yet.
 * `closed`: something else was first: what became of the request (`outcome`: approved, denied, canceled; `sent`: another answer is on its way), and
 * `by` whom: `person`, `policy` (answered here), `terminal`, `agent`.
 */
export type PermissionAnswer =
  | { status: "applied" | "sent" | "pending" }
  | { status: "closed"; outcome?: string; decision?: string; by?: string; reason?: string }
  | { status: "not-found" };

export const rpcMethod = (scopeId: string, name: string): string => `${scopeId}:${name}`;
/** How long the hub waits for an RPC answer. */
export const RPC_TIMEOUT_MS = 30_000;
