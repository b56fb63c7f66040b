/**
 * `GET /api/sessions/:id/diagnostics` (ours): which of the agent's threads was there to be continued, which one is used, and how that came
 * about. Never holds a credential: values of flags and variables that could be one are left out.
 */
import * as z from "zod/mini";
import { timestamp } from "./primitives.ts";
import { lastStartSchema, retryStateSchema, sessionEnvironmentSchema } from "./session.ts";

/** Why something failed, with the code of who noticed first. */
export const failureFactSchema = z.looseObject({
  code: z.string(),
  message: z.string(),
  at: z.optional(timestamp),
});

/**
 * How often the agent's sources (its output, its record, its hooks) did not fit together, so that something may be missing from the history. `kind`
 * is one of the driver's; `details` of the latest one: what was missing, and where it was looked for.
 */
export const lossCountSchema = z.object({
  kind: z.string(),
  count: z.number(),
  lastAt: timestamp,
  details: z.record(z.string(), z.union([z.string(), z.number()])),
});
export type LossCount = z.infer<typeof lossCountSchema>;

/** As a session process tells it. */
export const ownDiagnosticsSchema = z.looseObject({
  sessionId: z.string(),
  flavor: z.nullable(z.string()),
  /** The same thread in three places. `hub`: the row's metadata; `record`: session.json; `driver`: the ledger's marks of the driver. Null: none. */
  threads: z.object({
    hub: z.nullable(z.string()),
    record: z.optional(z.nullable(z.string())),
    driver: z.optional(z.nullable(z.string())),
  }),
  lastStart: z.nullable(lastStartSchema),
  /** The process that owns the agent; `id` names one life of it. */
  host: z.looseObject({
    machineId: z.nullable(z.string()),
    name: z.nullable(z.string()),
    pid: z.nullable(z.number()),
    id: z.optional(z.nullable(z.string())),
  }),
  launch: z.looseObject({
    cwd: z.nullable(z.string()),
    startedBy: z.nullable(z.string()),
    startingMode: z.nullable(z.string()),
    permissionMode: z.nullable(z.string()),
    model: z.nullable(z.string()),
    /** The agent's own flags; values that could be a secret read `***`. */
    args: z.optional(z.array(z.string())),
  }),
  /** What of its first start's environment it keeps, and where that is another one than its machine's. */
  environment: z.optional(sessionEnvironmentSchema),
  /** Absent fields are known to the living session process only. Mode and model: in force now; in `launch` stands what was chosen. */
  agent: z.optional(
    z.looseObject({
      front: z.nullable(z.enum(["local", "remote"])),
      running: z.boolean(),
      busy: z.boolean(),
      permissionMode: z.optional(z.nullable(z.string())),
      model: z.optional(z.nullable(z.string())),
    }),
  ),
  /** Each stands in the history as a warning. */
  losses: z.optional(z.array(lossCountSchema)),
  /** What the agent said that this version has no word for, and how often, by `place/word`. The rows themselves are in the history, raw. */
  unknownWords: z.optional(z.record(z.string(), z.number())),
  lastTurn: z.optional(z.nullable(z.looseObject({ outcome: z.string(), at: timestamp }))),
  lastFailure: z.nullable(failureFactSchema),
  autoRetry: z.boolean(),
  retry: z.nullable(retryStateSchema),
});
export type OwnDiagnostics = z.infer<typeof ownDiagnosticsSchema>;

export const sessionDiagnosticsSchema = z.extend(ownDiagnosticsSchema, {
  /** Who answered: the living session process, or the hub from what it was told last. */
  source: z.enum(["session", "hub"]),
});
export type SessionDiagnostics = z.infer<typeof sessionDiagnosticsSchema>;
