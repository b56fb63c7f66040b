/** A computer registered with the hub, and what its runner says of itself. */
import * as z from "zod/mini";
import { timestamp } from "./primitives.ts";

export const machineMetadataSchema = z.looseObject({
  host: z.string(),
  platform: z.string(),
  happyCliVersion: z.string(),
  displayName: z.optional(z.string()),
  homeDir: z.optional(z.string()),
  happyHomeDir: z.optional(z.string()),
  happyLibDir: z.optional(z.string()),
  workspaceRoots: z.optional(z.array(z.string())),
  capabilities: z.optional(z.array(z.string())),
});
export type MachineMetadata = z.infer<typeof machineMetadataSchema>;

export const runnerStateSchema = z.looseObject({ status: z.string(), pid: z.optional(z.number()), startedAt: z.optional(timestamp) });
export type RunnerState = z.infer<typeof runnerStateSchema>;

export const machineSchema = z.looseObject({
  id: z.string(),
  namespace: z.string(),
  seq: z.number(),
  createdAt: timestamp,
  updatedAt: timestamp,
  active: z.boolean(),
  activeAt: timestamp,
  metadata: z.nullable(machineMetadataSchema),
  metadataVersion: z.number(),
  runnerState: z.nullable(runnerStateSchema),
  runnerStateVersion: z.number(),
  health: z.optional(z.looseObject({})),
});
export type Machine = z.infer<typeof machineSchema>;

/** Answer of `GET /api/machines/:id/agent-availability` and of the RPC of that name (0.30.7). */
export const agentAvailabilitySchema = z.object({
  agents: z.array(
    z.looseObject({
      agent: z.string(),
      /** As its vendor writes it; ours. */
      name: z.optional(z.string()),
      available: z.boolean(),
      reason: z.optional(z.string()),
      version: z.optional(z.string()),
      /** Ours: what a session of it will say (`capability`). */
      capabilities: z.optional(z.unknown()),
    }),
  ),
});
export type AgentAvailability = z.infer<typeof agentAvailabilitySchema>;

export const spawnResultSchema = z.union([
  z.looseObject({ type: z.literal("success"), sessionId: z.string() }),
  z.looseObject({
    type: z.literal("error"),
    errorMessage: z.optional(z.string()),
    message: z.optional(z.string()),
    code: z.optional(z.string()),
  }),
  z.looseObject({ type: z.literal("requestToApproveDirectoryCreation"), directory: z.string() }),
]);
export type SpawnResult = z.infer<typeof spawnResultSchema>;

/** Capability of a runner that takes `history`. */
export const CARRIES_HISTORY = "spawn-history";

/**
 * Parameters of the machine RPC `spawn-happy-session`. `launchId` is ours: the same id twice starts one session. `history` is ours, too: the
 * text of an earlier conversation, given to the agent in front of the new session's first prompt.
 */
/** A capability of machines that can make one: others would start the agent without, so they are not asked. */
export const MAKES_SANDBOXES = "sandbox";
export const sandboxWishSchema = z.looseObject({ network: z.boolean() });

export const spawnParamsSchema = z.looseObject({
  type: z.literal("spawn-in-directory"),
  directory: z.string(),
  agent: z.optional(z.string()),
  model: z.optional(z.nullable(z.string())),
  /** Its agent's flavor says which of the two names (`effortField`). */
  effort: z.optional(z.nullable(z.string())),
  modelReasoningEffort: z.optional(z.nullable(z.string())),
  permissionMode: z.optional(z.string()),
  yolo: z.optional(z.boolean()),
  resumeSessionId: z.optional(z.string()),
  existingSessionId: z.optional(z.string()),
  sessionId: z.optional(z.string()),
  forkSession: z.optional(z.boolean()),
  launchId: z.optional(z.string()),
  history: z.optional(z.string()),
  /** Ours. Its agent is to run in a sandbox. */
  sandbox: z.optional(sandboxWishSchema),
  /** Ours. The session that a branch comes from: the new one works with its environment. */
  originSessionId: z.optional(z.string()),
  /** Ours. The session is another machine's, whose computer has the same name: only where this one has its files or its agent's conversation. */
  knownOnly: z.optional(z.boolean()),
});
export type SpawnParams = z.infer<typeof spawnParamsSchema>;
