/** Prompts that were handed to Claude and whose end is not known yet, and the stages they go through. Durable before a byte is written. */
import { type AgentFailure, AppError, type Attachment } from "@hapi/protocol";
import type { DriverContext } from "../driver.ts";
import { commitMarks, type Marks, type PendingPrompt, readMark } from "./state.ts";
import type { KnownPrompt } from "./transcript-parser.ts";

/** More prompts than this in Claude's own queue are refused: the session hands them one by one. */
export const MAX_PENDING = 200;

const MAX_UNFINISHED = 20;

export interface NewPrompt {
  uuid: string;
  localId: string;
  text: string;
  launchId: string;
  attachments?: readonly Attachment[];
  earlier?: string;
  hidden?: boolean;
}

export interface Prompts {
  add(prompt: NewPrompt): Promise<PendingPrompt>;
  begun(uuid: string): void;
  known(uuid: string): KnownPrompt | undefined;
  find(localId: string): PendingPrompt | undefined;
  /** Their lines stand in the transcript. */
  recorded(uuids: readonly string[]): void;
  /** Ends those of the given uuids that are still open; answers their local ids. */
  finish(uuids: readonly string[], stage: "done" | "failed" | "interrupted", failure?: AgentFailure): string[];
  /** Of a prompt whose turn did not come to its end. */
  unfinished(uuid: string): string | undefined;
  drop(uuid: string): void;
  /** Ends what the process that is gone had begun; forgets what it had not. Answers the local ids that were begun. */
  abandon(failure?: AgentFailure): string[];
  /** The prompt that was begun and is in no record. */
  readonly lost: PendingPrompt | undefined;
  readonly pending: readonly PendingPrompt[];
  /** What belongs into the checkpoint of the event that ended them. */
  mark(): Pick<Marks, "claude.prompts">;
}

export function createPrompts(context: DriverContext): Prompts {
  const saved = readMark(context, "claude.prompts");
  let next = saved?.next ?? 1;
  let pending = [...(saved?.pending ?? [])];
  let unfinished = [...(saved?.unfinished ?? [])];

  let lost = saved?.lost;

  const mark = (): Pick<Marks, "claude.prompts"> => ({ "claude.prompts": { next, pending, unfinished, ...(lost ? { lost } : {}) } });
  const remove = (uuid: string): void => {
    pending = pending.filter((prompt) => prompt.uuid !== uuid);
  };

  return {
    async add(given) {
      if (pending.length >= MAX_PENDING) throw new AppError("rate_limited", "Too many prompts are waiting for this agent");
      const prompt: PendingPrompt = {
        hidden: false,
        ...given,
        attachments: [...(given.attachments ?? [])],
        inputId: next,
        recorded: false,
        begun: false,
      };
      next += 1;
      lost = undefined;
      remove(prompt.uuid);
      pending = [...pending, prompt];
      await commitMarks(context, mark());
      return prompt;
    },
    known(uuid) {
      const prompt = pending.find((one) => one.uuid === uuid);
      return prompt && { localId: prompt.localId, text: prompt.text, hidden: prompt.hidden };
    },
    find: (localId) => pending.find((prompt) => prompt.localId === localId),
    recorded(uuids) {
      pending = pending.map((prompt) => {
        if (prompt.recorded || !uuids.includes(prompt.uuid)) return prompt;
        // Claude writes the line when it takes the prompt up, so its turn has begun.
        context.emit({ type: "stage", localId: prompt.localId, stage: "in-transcript" });
        context.emit({ type: "stage", localId: prompt.localId, stage: "started" });
        return { ...prompt, recorded: true };
      });
    },
    finish(uuids, stage, failure) {
      const ended = pending.filter((prompt) => uuids.includes(prompt.uuid));
      pending = pending.filter((prompt) => !ended.includes(prompt));
      if (stage !== "done") unfinished = [...unfinished, ...ended.map(({ uuid, localId }) => ({ uuid, localId }))].slice(-MAX_UNFINISHED);
      const localIds = [...new Set(ended.map((prompt) => prompt.localId))];
      for (const localId of localIds) context.emit({ type: "stage", localId, stage, ...(failure ? { failure } : {}) });
      return localIds;
    },
    begun(uuid) {
      pending = pending.map((prompt) => (prompt.uuid === uuid ? { ...prompt, begun: true } : prompt));
    },
    abandon(failure) {
      lost = pending.findLast((prompt) => prompt.begun && !prompt.recorded) ?? lost;
      const uuids = pending.filter((prompt) => prompt.begun || prompt.recorded).map((prompt) => prompt.uuid);
      const localIds = this.finish(uuids, "interrupted", failure);
      pending = [];
      return localIds;
    },
    get lost() {
      return lost;
    },
    unfinished: (uuid) => unfinished.find((one) => one.uuid === uuid)?.localId,
    drop: remove,
    get pending() {
      return pending;
    },
    mark,
  };
}
