/** Bodies and queries of the REST planes. Answers are in the entity files. */
import * as z from "zod/mini";
import { timestamp } from "./primitives.ts";
import { sandboxWishSchema } from "./machine.ts";
import { answersSchema, DECISIONS } from "./agent-requests.ts";

const trimmedName = z.string().check(z.trim(), z.minLength(1), z.maxLength(255));

export const authBody = z.union([z.object({ accessToken: z.string() }), z.object({ initData: z.string() })]);
export const createSessionBody = z.looseObject({
  id: z.optional(z.uuid()),
  tag: z.string().check(z.minLength(1)),
  metadata: z.unknown(),
  agentState: z.optional(z.unknown()),
  model: z.optional(z.nullable(z.string())),
  modelReasoningEffort: z.optional(z.nullable(z.string())),
  effort: z.optional(z.nullable(z.string())),
  machine: z.optional(z.looseObject({ id: z.string(), metadata: z.unknown(), runnerState: z.optional(z.unknown()) })),
});
export const createMachineBody = z.looseObject({
  id: z.string().check(z.minLength(1)),
  metadata: z.unknown(),
  runnerState: z.optional(z.unknown()),
});
/** What a person changes of a session: nothing but the named keys is taken, so a misspelt key is refused. */
export const renameBody = z.strictObject({ name: trimmedName });
export const summaryBody = z.strictObject({ text: trimmedName });
export const pinBody = z.strictObject({ mode: z.enum(["none", "project", "global"]) });
export const archiveBody = z.strictObject({ reason: z.optional(z.string().check(z.maxLength(1000))) });
export const abortBody = z.looseObject({ scope: z.optional(z.enum(["turn", "session"])) });
export const switchBody = z.looseObject({ to: z.optional(z.enum(["remote", "local"])), now: z.optional(z.boolean()) });
export const permissionModeBody = z.strictObject({ mode: z.string() });
export const modelBody = z.strictObject({
  model: z.nullable(z.union([z.string(), z.looseObject({ provider: z.string(), modelId: z.string() })])),
});
/** Ours. Up to when a person has seen the session. `back`: earlier than before, which makes it unread again; else an earlier time is late news. */
export const seenBody = z.strictObject({ at: timestamp, back: z.optional(z.boolean()) });
/** Ours. */
export const autoRetryBody = z.strictObject({ enabled: z.boolean() });
export const resumeBody = z.looseObject({ permissionMode: z.optional(z.string()) });
/** `history`, ours: no branch of the agent's own thread; its agent is given the text of the conversation with the first prompt. */
export const forkBody = z.looseObject({ messageLocalId: z.optional(z.string()), from: z.optional(z.enum(["thread", "history"])) });
export const approveBody = z.looseObject({
  mode: z.optional(z.string()),
  allowTools: z.optional(z.array(z.string())),
  decision: z.optional(z.enum(DECISIONS)),
  answers: z.optional(answersSchema),
  updatedInput: z.optional(z.unknown()),
  /** Of what was shown: the request's own, or that of the whole. */
  digest: z.optional(z.string().check(z.maxLength(200))),
});
export const denyBody = z.looseObject({
  decision: z.optional(z.enum(DECISIONS)),
  reason: z.optional(z.string().check(z.maxLength(10_000))),
});
export const queuedStateBody = z.object({ localIds: z.array(z.string()).check(z.maxLength(1000)) });
export const visibilityBody = z.object({ subscriptionId: z.string(), visibility: z.enum(["visible", "hidden"]) });
export const uploadBody = z.object({
  filename: z.string().check(z.minLength(1), z.maxLength(255)),
  content: z.string(),
  mimeType: z.string(),
});
export const spawnBody = z.looseObject({
  directory: z.string().check(z.minLength(1)),
  agent: z.optional(z.string()),
  model: z.optional(z.nullable(z.string())),
  effort: z.optional(z.nullable(z.string())),
  modelReasoningEffort: z.optional(z.nullable(z.string())),
  yolo: z.optional(z.boolean()),
  permissionMode: z.optional(z.string()),
  sessionType: z.optional(z.enum(["simple", "worktree"])),
  worktreeName: z.optional(z.string()),
  startingMode: z.optional(z.string()),
  /** Ours: the same id twice starts one session. */
  launchId: z.optional(z.string().check(z.maxLength(128))),
  /** Ours: its agent runs in a sandbox, with the network or without. */
  sandbox: z.optional(sandboxWishSchema),
});
export const renameMachineBody = z.object({ displayName: z.string().check(z.trim(), z.maxLength(64)) });
export const listDirectoryBody = z.looseObject({ path: z.string(), includeHidden: z.optional(z.boolean()) });
export const pathsExistBody = z.object({ paths: z.array(z.string()).check(z.maxLength(1000)) });
