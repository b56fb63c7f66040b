/**
 * Work for later, a port: at or after its time, once, also after a restart. Put in the transaction of what makes it necessary, and ended in
 * the transaction of what it does.
 */

export interface NewJob {
  kind: string;
  /** One of a kind and key: put again, it takes the place of the one before, also where somebody is at that. */
  key: string;
  /** By the hub's clock. Null: when what it waits for is there (`hurry`). */
  due: number | null;
  /** Whom it waits for. */
  subject?: string;
  data?: unknown;
}

/** In somebody's hands. */
export interface Job {
  kind: string;
  key: string;
  subject: string | null;
  data: unknown;
  /** How often somebody has begun with it, this time counted. */
  attempts: number;
  /** Whose hands: what somebody else has begun with anew is not ended by this one. */
  claim: string;
}

export interface JobStore {
  put(job: NewJob): Promise<void>;
  drop(kind: string, key: string): Promise<void>;
  /** When the next one can be begun with. */
  next(kind: string): Promise<number | null>;
  /** Those that are due, oldest first; nobody else gets them for `leaseMs`, after which whoever had them is taken for gone. */
  claim(kind: string, now: number, options?: { subject?: string }): Promise<Job[]>;
  /** False: it was put anew or is somebody else's by now. */
  done(job: Job): Promise<boolean>;
  /** Not now: at `due`, or when it is hurried. */
  putOff(job: Job, due: number | null): Promise<void>;
  /** What waits for `subject` is due. Whoever is at one of them has begun too early: it is begun with once more. */
  hurry(kind: string, subject: string, now: number): Promise<void>;
}

/** Longer than a job takes. */
export const leaseMs = 60_000;
/** Claimed at once. */
export const maxClaimed = 100;
/** Of one kind that wait for somebody who may never come; the oldest are given up. */
export const maxWaiting = 20_000;
