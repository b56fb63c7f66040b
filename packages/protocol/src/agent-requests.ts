/** What an agent asks of a person, and how it was answered, as they travel in its session's state. Field by field: docs/protocol.md. */
import * as z from "zod/mini";
import { timestamp } from "./primitives.ts";

export const answersSchema = z.union([
  z.record(z.string(), z.array(z.string())),
  z.record(z.string(), z.object({ answers: z.array(z.string()) })),
]);
export type Answers = z.infer<typeof answersSchema>;

/** Ours. An answer that the agent has and of which its record does not show yet that it took it. `at`: when it was given. */
export const sentAnswerSchema = z.looseObject({ decision: z.string(), at: timestamp });
export type SentAnswer = z.infer<typeof sentAnswerSchema>;

export const DECISIONS = ["approved", "approved_for_session", "denied", "abort"] as const;
export type Decision = (typeof DECISIONS)[number];

/** Where a change that is asked for stands in its file, as it was when the agent asked. */
export const editPlaceSchema = z.looseObject({
  /** Number of the first line of `before` and the replaced text, from 1. */
  line: z.number(),
  /** Up to three lines before, up to where the replaced text begins; and after, from where it ends. */
  before: z.string(),
  after: z.string(),
  /** Of a file that is written anew: what it holds. */
  old: z.optional(z.string()),
});
export type EditPlace = z.infer<typeof editPlaceSchema>;

/** What waits for a person. `kind` and the fields after it are ours; a client that does not know them still has tool and arguments. */
export const agentStateRequestSchema = z.looseObject({
  tool: z.string(),
  arguments: z.unknown(),
  /**
   * SHA-256 (hexadecimal) of the canonical JSON (RFC 8785) of `{"arguments":…,"tool":…}` as they are here. Whoever allows it says it again: an
   * approval is taken for exactly this. Absent: told by an older version.
   */
  digest: z.optional(z.string()),
  /** Part of `arguments` was left out: allowed only with the digest of the whole, which `GET …/permissions/:requestId` gives. */
  shortened: z.optional(z.boolean()),
  createdAt: z.optional(z.nullable(timestamp)),
  toolCallId: z.optional(z.string()),
  kind: z.optional(z.enum(["permission", "question", "plan"])),
  /** One sentence in the agent's own words, when it gave one. */
  title: z.optional(z.string()),
  /** What "allow for session" will allow from then on, in words. Absent: that answer is not on offer. */
  sessionScope: z.optional(z.string()),
  /** The same as codes and parameters of the table of notices, where the words are HAPI's. */
  sessionScopeWords: z.optional(z.array(z.looseObject({ code: z.string(), params: z.optional(z.record(z.string(), z.unknown())) }))),
  /** Of a change of files: the place of each of its edits, in their order; null where it is not known. */
  places: z.optional(z.array(z.nullable(editPlaceSchema))),
  /** Permission mode in which it was asked: a later change of the mode does not answer it. */
  mode: z.optional(z.string()),
  /** Answered already; nothing waits for a person. The first answer stands. */
  sent: z.optional(sentAnswerSchema),
});
export type AgentStateRequest = z.infer<typeof agentStateRequestSchema>;

export const agentStateCompletedRequestSchema = z.looseObject({
  tool: z.string(),
  arguments: z.unknown(),
  createdAt: z.optional(z.nullable(timestamp)),
  completedAt: z.optional(z.nullable(timestamp)),
  status: z.string(),
  reason: z.optional(z.string()),
  mode: z.optional(z.string()),
  decision: z.optional(z.string()),
  allowTools: z.optional(z.array(z.string())),
  answers: z.optional(answersSchema),
  /** Ours. Of all that was asked, as in the request. */
  digest: z.optional(z.string()),
  /** Ours. The person changed the arguments before they allowed them: these were allowed (shortened), and their digest with the tool. */
  allowed: z.optional(z.looseObject({ arguments: z.unknown(), digest: z.string() })),
  /** Ours. Who it was: `person` (from a client), `policy`, `terminal` (the agent's own screen), `agent`. */
  answeredBy: z.optional(z.string()),
  /** Ours. An answer from a client that came too late, or of which nobody can say whether it was taken: it is not what happened. */
  lost: z.optional(sentAnswerSchema),
  /** Ours. The agent's record has not said yet which answer it took: this is what its screen shows. */
  provisional: z.optional(z.boolean()),
});
export type AgentStateCompletedRequest = z.infer<typeof agentStateCompletedRequestSchema>;
