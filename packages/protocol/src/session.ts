/** Session, its metadata and agent state, as they travel over REST and SSE. Field by field: docs/protocol.md; which test holds each: docs/described.md. */
import * as z from "zod/mini";
import { agentStateCompletedRequestSchema, agentStateRequestSchema } from "./agent-requests.ts";
import { timestamp } from "./primitives.ts";
import { waitingSchema } from "./waiting.ts";
import { worktreeSchema } from "./worktree.ts";

export const LIFECYCLE_STATES = ["initializing", "running", "paused", "completed", "aborted", "archived", "failed"] as const;
export type LifecycleState = (typeof LIFECYCLE_STATES)[number];

/** One start of the agent. `resume` continued `asked`; `fork` branched off from it; `new` began a conversation. */
export const lastStartSchema = z.looseObject({
  at: timestamp,
  how: z.enum(["new", "resume", "fork"]),
  front: z.enum(["local", "remote"]),
  /** The thread that was there to be continued. */
  asked: z.nullable(z.string()),
  /** The thread the agent works on; null: the start failed before there was one. */
  used: z.nullable(z.string()),
  /** Absent: it came up. */
  failure: z.optional(z.looseObject({ code: z.string(), message: z.string() })),
});
export type LastStart = z.infer<typeof lastStartSchema>;

/**
 * What of its first start's environment a session keeps: which account, configuration, provider, proxy, models and program its agent works with.
 * No credential is in it.
 */
export const sessionEnvironmentSchema = z.looseObject({
  /** Full path of the agent's program. */
  program: z.nullable(z.string()),
  /** Variables and their values. */
  set: z.record(z.string(), z.string()),
  /** Names of variables that were set to a credential, which is kept nowhere. */
  withheld: z.array(z.string()),
  /** Those of them that whoever started the agent last did not have: then it could not be started. */
  missing: z.array(z.string()),
  /** Those of them that are other ones than at its first start. The agent works with these. Absent: told by an older version. */
  changed: z.optional(z.array(z.string())),
  /** Where whoever started the agent last has something else; the session's own is used. Null: not set; `***`: not shown. */
  differs: z.array(z.looseObject({ name: z.string(), kept: z.nullable(z.string()), here: z.nullable(z.string()) })),
});
export type SessionEnvironment = z.infer<typeof sessionEnvironmentSchema>;

/** Unknown keys are kept: other agents and newer clients store their own. */
/** Any object on the wire, and nothing to reach into: read by `capability`, where each flag is declared. */
const capabilitiesSchema = z.looseObject({}) as z.ZodMiniType<object, object>;

export const metadataSchema = z.looseObject({
  path: z.string(),
  host: z.string(),
  version: z.optional(z.string()),
  name: z.optional(z.string()),
  os: z.optional(z.string()),
  summary: z.optional(z.looseObject({ text: z.string(), updatedAt: timestamp })),
  machineId: z.optional(z.string()),
  claudeSessionId: z.optional(z.string()),
  codexSessionId: z.optional(z.string()),
  geminiSessionId: z.optional(z.string()),
  opencodeSessionId: z.optional(z.string()),
  cursorSessionId: z.optional(z.string()),
  tools: z.optional(z.array(z.string())),
  slashCommands: z.optional(z.array(z.string())),
  homeDir: z.optional(z.string()),
  happyHomeDir: z.optional(z.string()),
  happyLibDir: z.optional(z.string()),
  happyToolsDir: z.optional(z.string()),
  startedFromRunner: z.optional(z.boolean()),
  hostPid: z.optional(z.number()),
  startedBy: z.optional(z.string()),
  startingMode: z.optional(z.string()),
  lifecycleState: z.optional(z.string()),
  lifecycleStateSince: z.optional(timestamp),
  archivedBy: z.optional(z.string()),
  archiveReason: z.optional(z.string()),
  /** Machine-readable reason of `failed`. */
  failureCode: z.optional(z.string()),
  flavor: z.optional(z.nullable(z.string())),
  worktree: z.optional(worktreeSchema),
  /** As a person chose it, for every start. What the session says with its signs of life is what is in force now. */
  preferredPermissionMode: z.optional(z.string()),
  /** Ours. The same of the model; null: the agent's own. Absent: nobody said. */
  preferredModel: z.optional(z.nullable(z.string())),
  /** Ours. The same of how hard its model thinks. */
  preferredEffort: z.optional(z.nullable(z.string())),
  capabilities: z.optional(capabilitiesSchema),
  /** Ours. A person allowed that turns which a provider's error failed are retried by themselves. Absent: not allowed. */
  autoRetry: z.optional(z.boolean()),
  /** Ours. How the agent was started last, and with which of its threads. */
  lastStart: z.optional(lastStartSchema),
  /** Ours. Its agent runs in a sandbox, with the network or without. Absent: it runs as the person does. */
  sandbox: z.optional(z.looseObject({ network: z.boolean() })),
  /** Ours. Absent: begun by an older version. */
  environment: z.optional(sessionEnvironmentSchema),
});
export type Metadata = z.infer<typeof metadataSchema>;

export const todoItemSchema = z.looseObject({
  id: z.string(),
  content: z.string(),
  status: z.enum(["pending", "in_progress", "completed"]),
  priority: z.enum(["high", "medium", "low"]),
});
export type TodoItem = z.infer<typeof todoItemSchema>;

/** A failed turn that will be tried again by itself: number `attempt` of `maxAttempts`, at `at`, unless a person cancels it. */
export const retryStateSchema = z.looseObject({
  /** The prompt of the turn; null: it was typed in the terminal. */
  localId: z.nullable(z.string()),
  attempt: z.number(),
  maxAttempts: z.number(),
  at: timestamp,
  /** What it failed with (`AgentFailure.code`). */
  failureCode: z.string(),
});
export type RetryState = z.infer<typeof retryStateSchema>;

export const TURN_ENDS = ["completed", "failed", "interrupted", "unknown"] as const;

/**
 * Ours. How the last turn ended, as the hub heard it: from the row of its end, or from the stage of its prompt where no such row came.
 * `unknown`: neither the agent nor its record can tell what became of the prompt.
 */
export const lastTurnSchema = z.looseObject({
  outcome: z.enum(TURN_ENDS),
  at: timestamp,
  /** The (last) prompt of the turn; null: it was typed in the terminal, or nobody said. */
  localId: z.nullable(z.string()),
  /** Of a failure: `AgentFailure.code`, or a code of the error table where the agent could not be started. */
  code: z.optional(z.string()),
  message: z.optional(z.string()),
  /** Whether the same prompt may succeed later without anybody doing anything. */
  retryable: z.optional(z.boolean()),
});
export type LastTurn = z.infer<typeof lastTurnSchema>;
/** Something of the agent that goes on beside its turns and ends with its process: a shell, a sub-agent, a monitor, a timer of its own. */
export const backgroundWorkSchema = z.looseObject({
  /** The agent's own id of it. */
  id: z.string(),
  kind: z.enum(["shell", "subagent", "monitor", "workflow", "timer", "other"]),
  /** What the agent calls it; at most 200 characters. */
  label: z.string(),
  /** Of a shell: its command line; at most 200 characters. */
  command: z.optional(z.string()),
});
export type BackgroundWork = z.infer<typeof backgroundWorkSchema>;

/** A session's work beside its turns is told up to this many. */
export const MAX_BACKGROUND_WORK = 20;

/** A wanted change of front end that waits: for the end of a turn, a quiet keyboard, or because it would end what runs in the background. */
export const handoffWaitSchema = z.looseObject({
  to: z.enum(["local", "remote"]),
  waitsFor: z.string(),
  since: timestamp,
});
export type HandoffWait = z.infer<typeof handoffWaitSchema>;

/** A dialog on the agent's own screen that nobody else can answer. */
export const terminalDialogSchema = z.looseObject({
  /** In the agent's own words: `permission prompt`. */
  about: z.string(),
  since: timestamp,
});
export type TerminalDialog = z.infer<typeof terminalDialogSchema>;

const givenSchema = z.looseObject({ for: z.string(), since: timestamp, localIds: z.array(z.string()) });

export const agentStateSchema = z.looseObject({
  controlledByUser: z.optional(z.nullable(z.boolean())),
  /** Ours. `waitsFor`: `turn`, `keyboard`, `background`, or `terminal` (a person took it back while prompts waited); other words may come. Null or absent: no change is wanted. */
  handoff: z.optional(z.nullable(handoffWaitSchema)),
  /** Ours. What goes on in the background; ends with the agent's process. Absent or empty: nothing. */
  background: z.optional(z.nullable(z.array(backgroundWorkSchema))),
  /** Ours. Waits for an answer in the terminal, where alone it can be given. Null or absent: there is none. */
  dialog: z.optional(z.nullable(terminalDialogSchema)),
  /** Ours. Null or absent: nothing is going to be retried by itself. */
  retry: z.optional(z.nullable(retryStateSchema)),
  /** Ours. What the prompts that the session holds wait for. Null or absent: it holds none, or goes on with them. */
  queue: z.optional(z.nullable(waitingSchema)),
  /** Ours. What those wait for that the agent has and has not begun with, and their ids. Null or absent: there are none. */
  given: z.optional(z.nullable(givenSchema)),
  requests: z.optional(z.nullable(z.record(z.string(), agentStateRequestSchema))),
  completedRequests: z.optional(z.nullable(z.record(z.string(), agentStateCompletedRequestSchema))),
});
export type AgentState = z.infer<typeof agentStateSchema>;

export const sessionSchema = z.looseObject({
  id: z.string(),
  namespace: z.string(),
  seq: z.number(),
  createdAt: timestamp,
  updatedAt: timestamp,
  pinned: z.optional(z.boolean()),
  globalPinned: z.optional(z.boolean()),
  active: z.boolean(),
  activeAt: timestamp,
  metadata: z.nullable(metadataSchema),
  metadataVersion: z.number(),
  agentState: z.nullable(agentStateSchema),
  agentStateVersion: z.number(),
  thinking: z.boolean(),
  thinkingAt: timestamp,
  activeTurnStartedAt: z.optional(z.nullable(timestamp)),
  backgroundTaskCount: z.optional(z.number()),
  todos: z.optional(z.array(todoItemSchema)),
  todosUpdatedAt: z.optional(z.nullable(timestamp)),
  model: z.optional(z.nullable(z.string())),
  modelMode: z.optional(z.string()),
  modelReasoningEffort: z.optional(z.nullable(z.string())),
  effort: z.optional(z.nullable(z.string())),
  serviceTier: z.optional(z.nullable(z.string())),
  permissionMode: z.optional(z.string()),
  hasConversationContent: z.optional(z.boolean()),
  /** Ours. Absent: no turn has ended yet. */
  lastTurn: z.optional(lastTurnSchema),
  /** Ours. Up to when a person has seen what happened here, on any device. Absent: nobody looked yet. */
  seenAt: z.optional(timestamp),
});
export type Session = z.infer<typeof sessionSchema>;

export const pendingRequestSchema = z.object({
  id: z.string(),
  kind: z.enum(["permission", "input"]),
  tool: z.string(),
  since: z.nullable(timestamp),
});

export const sessionSummarySchema = z.looseObject({
  id: z.string(),
  active: z.boolean(),
  thinking: z.boolean(),
  activeAt: timestamp,
  updatedAt: timestamp,
  pinned: z.boolean(),
  globalPinned: z.boolean(),
  metadata: z.nullable(
    z.looseObject({
      name: z.optional(z.string()),
      path: z.string(),
      machineId: z.optional(z.string()),
      summary: z.optional(z.looseObject({ text: z.string() })),
      flavor: z.optional(z.nullable(z.string())),
      worktree: z.optional(worktreeSchema),
      agentSessionId: z.optional(z.string()),
      lifecycleState: z.optional(z.string()),
      lifecycleStateSince: z.optional(timestamp),
      failureCode: z.optional(z.string()),
      /** Ours. It lives without an agent process until the next prompt. */
      parked: z.optional(z.boolean()),
    }),
  ),
  metadataVersion: z.number(),
  agentStateVersion: z.number(),
  todosUpdatedAt: z.nullable(timestamp),
  todoProgress: z.nullable(z.object({ completed: z.number(), total: z.number() })),
  pendingRequestsCount: z.number(),
  pendingRequestKinds: z.array(z.enum(["permission", "input"])),
  pendingRequests: z.array(pendingRequestSchema),
  backgroundTaskCount: z.number(),
  futureScheduledMessageCount: z.number(),
  nextScheduledAt: z.nullable(timestamp),
  model: z.nullable(z.string()),
  modelReasoningEffort: z.optional(z.nullable(z.string())),
  effort: z.nullable(z.string()),
  hasConversationContent: z.optional(z.boolean()),
  /** Since when the running turn runs. */
  activeTurnStartedAt: z.optional(z.nullable(timestamp)),
  permissionMode: z.optional(z.string()),
  /** Ours, as in `Session`. */
  lastTurn: z.optional(lastTurnSchema),
  seenAt: z.optional(timestamp),
  /** Ours. The try that is planned after a failed turn. */
  retry: z.optional(retryStateSchema),
});
export type SessionSummary = z.infer<typeof sessionSummarySchema>;
