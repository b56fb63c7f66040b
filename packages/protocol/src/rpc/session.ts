/** What the hub asks of a session. `ours` is what peers of other make neither ask nor answer. */
import * as z from "zod/mini";
import { ownDiagnosticsSchema } from "../diagnostics.ts";
import { anyResult, handedOn, heard, ifValid, rpc, type RpcSpec } from "./spec.ts";
import { answersSchema, DECISIONS } from "../agent-requests.ts";
import { SESSION_CATALOGS } from "../wire-names.ts";

const nothing = z.looseObject({});
const model = z.union([z.string(), z.looseObject({ provider: z.string(), modelId: z.string() })]);

/** Served by every session of ours. */
export const sessionRpc = {
  permission: rpc("permission", {
    scope: "permissions:answer",
    params: z.looseObject({
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
      /** Ours: of what was shown to whoever allows it. Another one than the request has is refused: `request_changed`, `request_shortened`. */
      digest: z.optional(z.string()),
    }),
    /** A `PermissionAnswer` from ours. */
    result: anyResult(
      z.looseObject({
        status: ifValid(z.string()),
        outcome: ifValid(z.string()),
        decision: ifValid(z.string()),
        by: ifValid(z.string()),
        reason: ifValid(z.string()),
        completedAt: ifValid(z.number()),
      }),
    ),
    // A session process that restarts is back within this time.
    readyMs: 1_500,
  }),
  /** Ours: all that an open request asks, where its `arguments` were shortened, and the digest of that. */
  wholeRequest: rpc("whole-request", {
    scope: "sessions:read",
    params: z.looseObject({ id: z.string() }),
    result: anyResult(z.looseObject({ tool: z.string(), arguments: z.unknown(), digest: z.string() })),
    readyMs: 1_500,
    refusal: "request_not_found",
  }),
  /** `scope:"session"` (ours) ends the agent; otherwise the running turn is interrupted. */
  abort: rpc("abort", {
    scope: "sessions:send",
    params: z.looseObject({ reason: z.optional(z.string()), scope: z.optional(z.enum(["turn", "session"])) }),
    result: heard,
    readyMs: 1_000,
  }),
  switch: rpc("switch", {
    scope: "sessions:send",
    params: z.looseObject({ to: z.enum(["remote", "local"]), /** ours: interrupt the local turn */ now: z.optional(z.boolean()) }),
    result: heard,
    readyMs: 2_000,
    refusal: "handoff_failed",
  }),
  setSessionConfig: rpc("set-session-config", {
    scope: "sessions:send",
    params: z.looseObject({
      permissionMode: z.optional(z.string()),
      model: z.optional(z.nullable(model)),
      effort: z.optional(z.nullable(z.string())),
      /** `effort` by the name that it has for some agents. */
      modelReasoningEffort: z.optional(z.nullable(z.string())),
      /** Ours: turns that a provider's error failed are retried by themselves. */
      autoRetry: z.optional(z.boolean()),
    }),
    /** Every key that was asked for, with the value it has now. */
    result: z.looseObject({ applied: z.looseObject({}) }),
    readyMs: 1_500,
  }),
  killSession: rpc("killSession", { scope: "sessions:send", params: nothing, result: heard, timeoutMs: 10_000 }),
  handoffLocal: rpc("handoff-local", { scope: "session:act", params: nothing, result: heard, refusal: "handoff_failed" }),
  forkConversation: rpc("fork-conversation", {
    scope: "machines:spawn",
    params: z.looseObject({ messageLocalId: z.optional(z.string()) }),
    /** The agent's own thread. `forkSession`: the new session is to branch off from it, not to go on with it. */
    result: z.looseObject({ nativeSessionId: z.string(), forkSession: ifValid(z.boolean()) }),
    timeoutMs: 120_000,
    readyMs: 2_000,
  }),
  /** `{success, commands: {name, source}[]}` */
  listSlashCommands: rpc("listSlashCommands", {
    scope: "sessions:read",
    params: z.looseObject({ agent: z.optional(z.string()) }),
    result: handedOn,
    verdict: "success",
  }),
  /** A queued prompt goes into the running turn. `steered` false: the agent has it already, or it was taken back. */
  steerQueuedMessage: rpc("steer-queued-message", {
    scope: "sessions:send",
    params: z.looseObject({ localId: z.string() }),
    result: z.looseObject({ steered: z.boolean(), error: ifValid(z.string()) }),
    verdict: "steered",
  }),
  /** Ours: `{success, models, current}`, the models this session's agent offers. */
  listModels: rpc("list-models", { scope: "sessions:read", params: nothing, result: handedOn, verdict: "success" }),
  /** Ours: send the last failed turn again on the same conversation. Asked twice, it is sent once. */
  retryTurn: rpc("retry-turn", {
    scope: "sessions:send",
    params: nothing,
    result: anyResult(z.looseObject({ status: ifValid(z.enum(["started", "joined"])) })),
    readyMs: 2_000,
    refusal: "retry_unavailable",
  }),
  /** Ours: the retry that waits for its time is given up. */
  cancelRetry: rpc("cancel-retry", {
    scope: "sessions:send",
    params: nothing,
    result: anyResult(z.looseObject({ status: ifValid(z.enum(["cancelled", "none"])) })),
    readyMs: 2_000,
  }),
  /** Ours: what this session process knows of itself. */
  diagnostics: rpc("diagnostics", {
    scope: "sessions:read",
    params: nothing,
    result: ownDiagnosticsSchema,
    timeoutMs: 5_000,
    readyMs: 1_000,
  }),
  /** `{success, path}` */
  uploadFile: rpc("uploadFile", {
    scope: "files:write",
    params: z.looseObject({ sessionId: z.optional(z.string()), filename: z.string(), content: z.string(), mimeType: z.string() }),
    result: handedOn,
    verdict: "success",
    timeoutMs: 120_000,
    // A session that came up a moment ago says what can be asked of it right after.
    readyMs: 2_000,
  }),
  /** `{success}` */
  deleteUpload: rpc("deleteUpload", {
    scope: "files:write",
    params: z.looseObject({ sessionId: z.optional(z.string()), path: z.string() }),
    result: handedOn,
    verdict: "success",
  }),
} as const;

const fileCall = { result: handedOn, verdict: "success" } as const;

/** Files and git of a session's folder, also served by every session of ours: `{success:true, …}` or `{success:false, error}`. */
export const fileRpc = {
  /** `{success, stdout, stderr, exitCode}`, as the next two. */
  gitStatus: rpc("git-status", { scope: "files:read", params: z.looseObject({ staged: z.optional(z.boolean()) }), ...fileCall }),
  gitDiffNumstat: rpc("git-diff-numstat", { scope: "files:read", params: z.looseObject({ staged: z.optional(z.boolean()) }), ...fileCall }),
  gitDiffFile: rpc("git-diff-file", {
    scope: "files:read",
    params: z.looseObject({ filePath: z.string(), staged: z.optional(z.boolean()) }),
    ...fileCall,
  }),
  /** `content` in base64. */
  readFile: rpc("readFile", { scope: "files:read", params: z.looseObject({ path: z.string() }), ...fileCall }),
  /** `entries`: name, type, size, modified. */
  listDirectory: rpc("listDirectory", { scope: "files:read", params: z.looseObject({ path: z.string() }), ...fileCall }),
  /** `files`, one for each path, in order. */
  statFiles: rpc("statFiles", { scope: "files:read", params: z.looseObject({ paths: z.array(z.string()) }), ...fileCall }),
  /** The search for file names: one path a line in `stdout`. */
  ripgrep: rpc("ripgrep", {
    scope: "files:read",
    params: z.looseObject({
      args: z.optional(z.array(z.string())),
      fileSearch: z.optional(z.looseObject({ query: z.string(), limit: z.optional(z.number()) })),
    }),
    ...fileCall,
  }),
} as const;

type SessionCatalog = (typeof SESSION_CATALOGS)[number]["rpc"];
const catalog = (wire: string) =>
  rpc(wire, { scope: "sessions:read", params: nothing, result: handedOn, verdict: "success", timeoutMs: 120_000 });
const sessionCatalogs = Object.fromEntries(SESSION_CATALOGS.map(({ rpc: wire }) => [wire, catalog(wire)])) as {
  readonly [N in SessionCatalog]: ReturnType<typeof catalog>;
};

/** Asked of sessions, and answered by peers of other make only. */
export const peerSessionRpc = {
  listSkills: rpc("listSkills", {
    scope: "sessions:read",
    params: z.looseObject({ flavor: z.optional(z.string()) }),
    result: handedOn,
    verdict: "success",
  }),
  /** `content` in base64, and `mimeType`. */
  readGeneratedImage: rpc("readGeneratedImage", {
    scope: "files:read",
    params: z.looseObject({ id: z.string() }),
    result: handedOn,
    verdict: "success",
  }),
  ...sessionCatalogs,
} as const;

export const sessionCalls = { ...sessionRpc, ...fileRpc, ...peerSessionRpc } as const satisfies Readonly<Record<string, RpcSpec>>;

export type PermissionParams = z.output<(typeof sessionRpc)["permission"]["params"]>;

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
