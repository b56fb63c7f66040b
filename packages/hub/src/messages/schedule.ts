/** Scheduled prompts: each is a job that falls due with it. Then its session is told so, and gets it or is started for it. */
import type { Transaction } from "../events/transaction.ts";
import type { Job, JobStore, NewJob } from "../jobs/store.ts";
import type { DuePrompt, MessageStore } from "./store.ts";

export const dueKind = "prompt-due";

export const dueJob = (sessionId: string, localId: string, scheduledAt: number): NewJob => ({
  kind: dueKind,
  key: JSON.stringify([sessionId, localId]),
  due: scheduledAt,
});

export interface ScheduleDeps {
  transaction: Transaction<{ messages: MessageStore; jobs: JobStore }>;
  onDue(sessionId: string): void;
}

/** Told and done in one: a prompt falls due once. */
export const schedule =
  ({ transaction, onDue }: ScheduleDeps) =>
  async (due: readonly Job[]): Promise<void> => {
    const sessions = await transaction(async ({ messages, jobs }) => {
      const prompts: DuePrompt[] = [];
      for (const job of due) {
        const [sessionId, localId] = JSON.parse(job.key) as [string, string];
        if (await jobs.done(job)) prompts.push({ sessionId, localId });
      }
      return messages.matured(prompts);
    });
    for (const id of sessions) onDue(id);
  };
