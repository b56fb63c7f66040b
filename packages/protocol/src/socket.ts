/** Socket.IO namespace `/cli`: session- and machine-scoped connections (events and shapes: docs/protocol.md). Fields marked ours are ignored by other hubs. */
import * as z from "zod/mini";
import { promptStageSchema } from "./message.ts";
import { timestamp } from "./primitives.ts";
import type { Scope } from "./scopes.ts";

export const SOCKET_PATH = "/socket.io/";
/** Largest frame taken: 25 MiB of image in base64, with room. */
export const MAX_FRAME_BYTES = 48 * 1024 * 1024;
export const MAX_BODY_BYTES = 68 * 1024 * 1024;

/** Its signs of life are never kept while it is away: the moment in which the hub hears one counts, whatever clock its sender has. */
export const LIVE_SIGNS = "live-signs";
/** Capabilities a session process names in its handshake (`auth.capabilities`), ours. */
export const LINK_CAPABILITIES = ["message-ack", "stages", "stream", LIVE_SIGNS] as const;

export const handshakeSchema = z.looseObject({
  token: z.string(),
  clientType: z.optional(z.enum(["session-scoped", "machine-scoped"])),
  sessionId: z.optional(z.string()),
  machineId: z.optional(z.string()),
  capabilities: z.optional(z.array(z.string())),
});
export type Handshake = z.infer<typeof handshakeSchema>;

const sid = { sid: z.string() };

export const clientEvents = {
  /** `key` (ours) makes it repeatable; with an ack callback the hub answers `{ok:true}` after fsync, or `{error, code}`. */
  message: z.looseObject({
    ...sid,
    message: z.unknown(),
    localId: z.optional(z.nullable(z.string())),
    createdAt: z.optional(timestamp),
    key: z.optional(z.string()),
  }),
  "session-alive": z.looseObject({
    ...sid,
    time: timestamp,
    thinking: z.optional(z.boolean()),
    mode: z.optional(z.enum(["local", "remote"])),
    permissionMode: z.optional(z.string()),
    model: z.optional(z.nullable(z.string())),
    modelReasoningEffort: z.optional(z.nullable(z.string())),
    effort: z.optional(z.nullable(z.string())),
    serviceTier: z.optional(z.nullable(z.string())),
  }),
  "session-ready": z.looseObject({ ...sid, time: timestamp }),
  /** `holds` (ours): so many prompts are in the session alone, and its agent never got them. They are to be run: it is started again. */
  "session-end": z.looseObject({ ...sid, time: timestamp, reason: z.optional(z.string()), holds: z.optional(z.number()) }),
  "messages-consumed": z.looseObject({ ...sid, localIds: z.array(z.string()), steered: z.optional(z.boolean()) }),
  "messages-indeterminate": z.looseObject({ ...sid, localIds: z.array(z.string()) }),
  /** Ours; ack `{ok:true}` after fsync. The session is ending and has forgotten these prompts, which its agent never got: they wait at the hub alone. */
  "messages-returned": z.looseObject({ ...sid, localIds: z.array(z.string()) }),
  "messages-steer-state": z.looseObject({ ...sid, localIds: z.array(z.string()), state: z.enum(["queued", "dispatching"]) }),
  "update-metadata": z.looseObject({ ...sid, expectedVersion: z.number(), metadata: z.unknown() }),
  "update-state": z.looseObject({ ...sid, expectedVersion: z.number(), agentState: z.unknown() }),
  "machine-alive": z.looseObject({ machineId: z.string(), time: timestamp, health: z.optional(z.looseObject({})) }),
  "machine-update-metadata": z.looseObject({ machineId: z.string(), expectedVersion: z.number(), metadata: z.unknown() }),
  "machine-update-state": z.looseObject({ machineId: z.string(), expectedVersion: z.number(), runnerState: z.unknown() }),
  "rpc-register": z.looseObject({ method: z.string() }),
  "rpc-unregister": z.looseObject({ method: z.string() }),
  /** Ours; ack `{ok:true}` after fsync. Repeating it is harmless. */
  "message-stage": z.looseObject({
    ...sid,
    localId: z.string(),
    stage: promptStageSchema,
    at: timestamp,
    detail: z.optional(z.looseObject({})),
  }),
  /** Ours; no ack, droppable. */
  stream: z.looseObject({
    ...sid,
    itemId: z.string(),
    kind: z.enum(["text", "thought", "tool-output"]),
    offset: z.number(),
    delta: z.string(),
    parent: z.optional(z.string()),
    done: z.optional(z.boolean()),
  }),
} as const;
export type ClientEventName = keyof typeof clientEvents;

/** What a credential must have to say it. Both say which calls they answer: a socket registers those of its own id only. */
export const clientEventScopes = {
  message: "session:act",
  "session-alive": "session:act",
  "session-ready": "session:act",
  "session-end": "session:act",
  "messages-consumed": "session:act",
  "messages-indeterminate": "session:act",
  "messages-returned": "session:act",
  "messages-steer-state": "session:act",
  "update-metadata": "session:act",
  "update-state": "session:act",
  "machine-alive": "machine:act",
  "machine-update-metadata": "machine:act",
  "machine-update-state": "machine:act",
  "rpc-register": "session:act",
  "rpc-unregister": "session:act",
  "message-stage": "session:act",
  stream: "session:act",
} as const satisfies Record<ClientEventName, Scope>;
export type ClientEvent<N extends ClientEventName> = z.infer<(typeof clientEvents)[N]>;

/** Ack of the four versioned updates; the value is under the field's own name. */
export type VersionedAck<Field extends string> =
  | ({ result: "success"; version: number } & Record<Field, unknown>)
  | ({ result: "version-mismatch"; version: number } & Record<Field, unknown>)
  | { result: "error"; reason?: string };

export type MessageAck = { ok: true } | { error: string; code: string };

/** `update` from hub to CLI. */
export interface Update {
  id: string;
  seq: number;
  createdAt: number;
  body: UpdateBody;
}
export type UpdateBody =
  | {
      t: "new-message";
      sid: string;
      message: { id: string; seq: number | null; createdAt: number; localId?: string | null; content: unknown };
    }
  | { t: "retry-queued-message"; sid: string; messageId: string; localId: string; message: unknown }
  | { t: "cancel-queued-message"; sid: string; messageId: string; localId: string }
  | {
      t: "update-session";
      sid: string;
      metadata: { version: number; value: unknown } | null;
      agentState: { version: number; value: unknown } | null;
    }
  | {
      t: "update-machine";
      machineId: string;
      metadata: { version: number; value: unknown } | null;
      runnerState: { version: number; value: unknown } | null;
    };

/** Answer of a session to `cancel-queued-message`; the hub waits 500 ms for it. */
export interface CancelAck {
  removed: boolean;
  inFlight?: boolean;
  indeterminate?: boolean;
  consumed?: boolean;
}
