/**
 * What the hub pushes over SSE. `SessionPatch` is strict for existing clients (an unknown key makes them refetch), so everything new is
 * a new event type, and goes only to subscribers that named the capability in `?caps=`.
 */
import * as z from "zod/mini";
import { anyFactSchema } from "./any-fact.ts";
import { machineSchema } from "./machine.ts";
import { messageSchema, promptStageSchema } from "./message.ts";
import { timestamp } from "./primitives.ts";
import { agentStateSchema, lastTurnSchema, metadataSchema, sessionSchema, todoItemSchema } from "./session.ts";
import { waitingSchema } from "./waiting.ts";

const versioned = <T extends z.ZodMiniType>(value: T) => z.object({ version: z.number(), value });

export const sessionPatchSchema = z.strictObject({
  active: z.optional(z.boolean()),
  thinking: z.optional(z.boolean()),
  activeTurnStartedAt: z.optional(z.nullable(timestamp)),
  activeAt: z.optional(timestamp),
  updatedAt: z.optional(timestamp),
  model: z.optional(z.nullable(z.string())),
  modelReasoningEffort: z.optional(z.nullable(z.string())),
  effort: z.optional(z.nullable(z.string())),
  serviceTier: z.optional(z.nullable(z.string())),
  permissionMode: z.optional(z.string()),
  collaborationMode: z.optional(z.string()),
  copilotAgentMode: z.optional(z.string()),
  backgroundTaskCount: z.optional(z.number()),
  scratchlistUpdatedAt: z.optional(timestamp),
  metadata: z.optional(versioned(z.nullable(metadataSchema))),
  agentState: z.optional(versioned(z.nullable(agentStateSchema))),
  todos: z.optional(versioned(z.array(todoItemSchema))),
  teamState: z.optional(versioned(z.unknown())),
});
export type SessionPatch = z.infer<typeof sessionPatchSchema>;

const base = { namespace: z.optional(z.string()) };
const forSession = { ...base, sessionId: z.string() };

/** Capabilities a subscriber can name in `?caps=a,b`. */
export const SSE_CAPABILITIES = ["stream", "stages", "caught-up", "outcomes", "waiting", "facts", "sign-ins"] as const;
export type SseCapability = (typeof SSE_CAPABILITIES)[number];

export const syncEventSchema = z.discriminatedUnion("type", [
  z.object({
    ...base,
    type: z.literal("connection-changed"),
    data: z.object({
      status: z.literal("connected"),
      subscriptionId: z.string(),
      resume: z.enum(["ok", "gap"]),
      locked: z.optional(z.boolean()),
    }),
  }),
  z.object({ ...forSession, type: z.literal("session-added"), data: z.optional(z.union([sessionSchema, sessionPatchSchema])) }),
  z.object({ ...forSession, type: z.literal("session-updated"), data: z.optional(z.union([sessionSchema, sessionPatchSchema])) }),
  z.object({ ...forSession, type: z.literal("session-removed") }),
  z.object({ ...forSession, type: z.literal("session-ended"), reason: z.optional(z.string()) }),
  z.object({ ...forSession, type: z.literal("message-received"), message: messageSchema }),
  z.object({
    ...forSession,
    type: z.literal("messages-consumed"),
    localIds: z.array(z.string()),
    invokedAt: timestamp,
    steered: z.optional(z.boolean()),
  }),
  z.object({ ...forSession, type: z.literal("messages-indeterminate"), localIds: z.array(z.string()) }),
  z.object({ ...forSession, type: z.literal("messages-requeued"), localIds: z.array(z.string()) }),
  z.object({ ...forSession, type: z.literal("message-cancelled"), messageId: z.string(), localId: z.optional(z.string()) }),
  z.looseObject({ ...forSession, type: z.literal("messages-invalidated") }),
  z.object({ ...forSession, type: z.literal("scheduled-matured") }),
  z.object({
    ...base,
    type: z.literal("machine-updated"),
    machineId: z.string(),
    data: z.optional(z.nullable(z.union([machineSchema, z.looseObject({})]))),
  }),
  z.object({
    ...base,
    type: z.literal("toast"),
    data: z.object({
      title: z.string(),
      body: z.string(),
      sessionId: z.string(),
      url: z.string(),
      /** Ours. What `body` says in English, for who has own words: `request` (`tool`, `count`, the agent's `said`), `done`, `failed` (`said`). */
      about: z.optional(
        z.looseObject({ kind: z.string(), tool: z.optional(z.string()), count: z.optional(z.number()), said: z.optional(z.string()) }),
      ),
    }),
  }),
  z.object({ ...base, type: z.literal("heartbeat"), data: z.object({ timestamp }) }),
  // ours, by capability
  /** caps `stream`: live text; never logged, carries no id. `done` closes the item when no message of that id follows. */
  z.object({
    ...forSession,
    type: z.literal("stream"),
    itemId: z.string(),
    kind: z.enum(["text", "thought", "tool-output"]),
    offset: z.number(),
    delta: z.string(),
    parent: z.optional(z.string()),
    done: z.optional(z.boolean()),
  }),
  /** caps `stages`: where a prompt is now. */
  z.object({
    ...forSession,
    type: z.literal("message-stage"),
    localId: z.string(),
    stage: promptStageSchema,
    at: timestamp,
    detail: z.optional(z.looseObject({})),
  }),
  /** caps `outcomes`: how the last turn ended and up to when somebody has seen it. Absent: there is none. */
  z.object({
    ...forSession,
    type: z.literal("session-outcome"),
    lastTurn: z.optional(lastTurnSchema),
    seenAt: z.optional(timestamp),
  }),
  /** caps `waiting`: what the queued prompts of a session wait for; those that are not named wait for nothing that is known. Never logged. */
  z.object({
    ...forSession,
    type: z.literal("prompts-waiting"),
    prompts: z.array(z.object({ localId: z.string(), waiting: waitingSchema })),
  }),
  /**
   * caps `facts`: what a row means, right behind the row, or that a request was asked or answered. Never logged; what was missed is read from the
   * session. `place` grows over all sessions of a hub, `seq` is the row's.
   */
  z.object({
    ...forSession,
    type: z.literal("facts"),
    place: z.number(),
    at: timestamp,
    seq: z.optional(z.number()),
    facts: z.array(anyFactSchema),
  }),
  /** caps `sign-ins`: somebody came in with a new device (`name`), or tried to and failed. Never logged; the list tells what was missed. */
  z.object({
    ...base,
    type: z.literal("sign-in"),
    data: z.looseObject({ kind: z.string(), at: timestamp, from: z.string(), name: z.optional(z.string()) }),
  }),
  /** caps `caught-up`: everything replayed; what follows is live. */
  z.object({ ...base, type: z.literal("caught-up") }),
]);
export type SyncEvent = z.infer<typeof syncEventSchema>;
export type SyncEventType = SyncEvent["type"];
