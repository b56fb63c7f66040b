/**
 * What rows mean, read once when they are stored, for who decides something from them: what to tell whom, what a workflow waits for, what is
 * counted. Who draws a row reads the row. A reader keeps kinds and fields that it does not know: another version may know them.
 */
import * as z from "zod/mini";
import { TOOL_KINDS } from "./agent-events.ts";
import { anyFactSchema } from "./any-fact.ts";
import { timestamp } from "./primitives.ts";

/** Goes up when the same row comes to mean more than before: what an older version stored is then read from its row again. */
export const FACTS_VERSION = 1;

/** Longer words of an agent are cut: a fact names, the row tells. */
export const MAX_FACT_TEXT = 300;
/** Of one call; `moreFiles` says how many were left out. */
export const MAX_FACT_FILES = 50;

const words = z.optional(z.string());
const base = {
  /** The tool call of the sub-agent it happened in; what a session's own turns are about has none. */
  parent: z.optional(z.string()),
};
const fact = <Kind extends string, Shape extends z.core.$ZodLooseShape>(kind: Kind, shape: Shape) =>
  z.looseObject({ kind: z.literal(kind), ...base, ...shape });

const usage = z.looseObject({
  inputTokens: z.number(),
  outputTokens: z.number(),
  cacheReadTokens: z.number(),
  cacheCreationTokens: z.number(),
  contextTokens: z.optional(z.number()),
  contextWindow: z.optional(z.number()),
  costUsd: z.optional(z.number()),
  model: words,
});
const failure = z.looseObject({ code: z.string(), message: z.string(), retryable: z.boolean(), cause: words });
const files = { files: z.optional(z.array(z.string())), moreFiles: z.optional(z.number()) };

export const factSchema = z.discriminatedUnion("kind", [
  /** Somebody wrote a prompt. One that was sent from elsewhere is told twice with its `localId`: by the queue, and by the agent's record. */
  fact("prompted", { localId: words, origin: z.enum(["terminal", "remote"]) }),
  fact("turn-started", { localId: words }),
  /** A failed one says why. Programs of other make tell an end twice, first how and then that. */
  fact("turn-ended", {
    outcome: z.enum(["completed", "interrupted", "failed"]),
    localIds: z.optional(z.array(z.string())),
    durationMs: z.optional(z.number()),
    usage: z.optional(usage),
    failure: z.optional(failure),
  }),
  /** The model did not answer, and the agent tries again by itself. */
  fact("retrying", { attempt: z.number(), maxAttempts: z.number(), delayMs: z.number(), failure }),
  /** `files`: those it would change. `call` is absent where the row names none. */
  fact("tool-called", { call: words, tool: z.string(), toolKind: z.enum(TOOL_KINDS), title: z.string(), ...files }),
  /** `files`: those it changed, as far as the agent says so. */
  fact("tool-finished", {
    call: z.string(),
    status: z.enum(["completed", "failed", "denied", "cancelled"]),
    waitedMs: z.optional(z.number()),
    ...files,
  }),
  fact("usage", { usage }),
  /** The todo list was written anew; the list itself is the session's. */
  fact("todos-listed", { completed: z.number(), total: z.number() }),
  /** Its call is told beside it. */
  fact("todo-added", { content: z.string() }),
  /** `status` is absent where only its words changed. */
  fact("todo-changed", { task: z.string(), status: z.optional(z.enum(["pending", "in_progress", "completed", "deleted"])) }),
  /** A request waits for a person. */
  fact("asked", {
    request: z.string(),
    tool: z.string(),
    /** What kind of answer it wants: `permission`, `question`, `plan`. */
    wants: z.string(),
    /** The agent's own sentence, where it gave one. */
    title: words,
    /** By the clock of the session; absent: it did not say. */
    since: z.optional(timestamp),
  }),
  /** It waits no longer: `approved`, `denied`, `canceled`, or another word of its session. */
  fact("answered", { request: z.string(), tool: z.string(), status: z.string(), decision: words, answeredBy: words }),
  /** A warning beside the turns: a limit, a failure of the agent's own machinery. */
  fact("warned", { code: words, text: z.string() }),
  /** A row that nobody has a word for. */
  fact("not-understood", {}),
]);
export type Fact = z.infer<typeof factSchema>;
export type FactKind = Fact["kind"];

/** Of a row (`seq`) or of a request, at its place in the hub's log; of rows that were there before facts were stored, below zero. */
export const factRecordSchema = z.looseObject({
  place: z.number(),
  at: timestamp,
  seq: z.optional(z.number()),
  facts: z.array(anyFactSchema),
});

/** Answer of `GET /api/sessions/:id/facts`. The next page is after `next`; `reset`: the numbering is another one, and this page is the first. */
export const factsResponseSchema = z.looseObject({
  facts: z.array(factRecordSchema),
  page: z.looseObject({ next: z.number(), hasMore: z.boolean(), epoch: z.string(), reset: z.boolean() }),
});
export type FactsResponse = z.infer<typeof factsResponseSchema>;

/** Those that this version has a word for. */
export function knownFacts(facts: readonly unknown[]): Fact[] {
  return facts.flatMap((one) => {
    const read = factSchema.safeParse(one);
    return read.success ? [read.data] : [];
  });
}
