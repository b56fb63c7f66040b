/** Prompts that were handed to Claude and whose end is not known yet, and the stages they go through. Durable before a byte is written. */
import type { AgentFailure } from "@hapi/protocol";
import { AppError } from "@hapi/protocol";
import type { DriverContext } from "../driver.ts";
import { commitMarks, type Marks, type PendingPrompt, readMark } from "./state.ts";
import type { KnownPrompt } from "./transcript-parser.ts";

/** More prompts than this in Claude's own queue are refused: the session hands them one by one. */
export const MAX_PENDING = 200;

const MAX_UNFINISHED = 20;

export interface Prompts {
  add(prompt: { uuid: string; localId: string; text: string; launchId: string; hidden?: boolean }): Promise<PendingPrompt>;
  known(uuid: string): KnownPrompt | undefined;
  find(localId: string): PendingPrompt | undefined;
  /** Their lines stand in the transcript. */
  recorded(uuids: readonly string[]): void;
  /** Ends those of the given uuids that are still open; answers their local ids. */
  finish(uuids: readonly string[], stage: "done" | "failed" | "interrupted", failure?: AgentFailure): string[];
  /** Of a prompt whose turn did not come to its end. */
  unfinished(uuid: string): string | undefined;
  drop(uuid: string): void;
  readonly pending: readonly PendingPrompt[];
  /** What belongs into the checkpoint of the event that ended them. */
  mark(): Pick<Marks, "claude.prompts">;
}

export function createPrompts(context: DriverContext): Prompts {
  const saved = readMark(context, "claude.prompts");
  let next = saved?.next ?? 1;
  let pending = [...(saved?.pending ?? [])];
  let unfinished = [...(saved?.unfinished ?? [])];

  const mark = (): Pick<Marks, "claude.prompts"> => ({ "claude.prompts": { next, pending, unfinished } });
  const remove = (uuid: string): void => {
    pending = pending.filter((prompt) => prompt.uuid !== uuid);
  };

  return {
    async add(given) {
      if (pending.length >= MAX_PENDING) throw new AppError("rate_limited", "Too many prompts are waiting for this agent");
      const prompt: PendingPrompt = { hidden: false, ...given, inputId: next, recorded: false };
      next += 1;
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
    unfinished: (uuid) => unfinished.find((one) => one.uuid === uuid)?.localId,
    drop: remove,
    get pending() {
      return pending;
    },
    mark,
  };
}
