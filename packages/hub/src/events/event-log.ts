/** The durable log of changes, for who reads it: references, not copies, so that a replay gives current values. */
import type { SyncEvent } from "@hapi/protocol";

export interface LogEntry {
  seq: number;
  type: SyncEvent["type"];
  /** `session:<id>` or `machine:<id>`. */
  entity: string;
  /** What of it, by the event's type: a message's id, local ids as JSON, … */
  ref: string | null;
}

/** Reading side, a port. */
export interface EventLog {
  readonly epoch: string;
  /** The place of the newest entry. */
  head(): Promise<number>;
  /** Entries after `seq`, or null when the log does not reach back that far or there are more than `limit`. */
  after(namespace: string, seq: number, limit: number): Promise<LogEntry[] | null>;
  prune(now: number): Promise<void>;
}
