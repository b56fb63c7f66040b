/** Prompts that were handed to Claude and whose end is not known yet, and the stages they go through. Durable before a byte is written. */
import { type AgentFailure, AppError, type Attachment } from "@hapi/protocol";
import type { DriverContext } from "../driver.ts";
import { commitMarks, type Marks, type PendingPrompt, readMark } from "./state.ts";
import type { KnownPrompt } from "./transcript-parser.ts";

/** More prompts than this in Claude's own queue are refused: the session hands them one by one. */
export const MAX_PENDING = 200;

const MAX_UNFINISHED = 20;
const MAX_SPENT = 100;

export interface NewPrompt {
  uuid: string;
  localId: string;
  text: string;
  launchId: string;
  attachments?: readonly Attachment[];
  earlier?: string;
  hidden?: boolean;
}

/** `withdraw`: its sender wants it back. `retry`: only its repetition is given up. `stop`: a person stopped everything, so its end is told. */
export type AskedBack = "withdraw" | "retry" | "stop";

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
  /** Resolves with what becomes of a prompt that was handed: Claude takes it up, or has it no more. `why` holds until `askedBack` is over. */
  fate(uuid: string, why: AskedBack): Promise<"begun" | "gone">;
  askedBack(uuid: string): void;
  /** Claude dropped it before it began. */
  cancelled(uuid: string): void;
  /** Ends what the process that is gone had begun; forgets what it had not. Answers the local ids that were begun. */
  abandon(failure?: AgentFailure): string[];
  /** The prompt that was begun, or stopped before it was, and may be in no record. */
  readonly lost: PendingPrompt | undefined;
  /** Claude would ignore it. */
  isSpent(uuid: string): boolean;
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
  let spent = [...(saved?.spent ?? [])];
  const fates = new Map<string, PromiseWithResolvers<"begun" | "gone"> & { why: AskedBack }>();

  const mark = (): Pick<Marks, "claude.prompts"> => ({
    "claude.prompts": { next, pending, unfinished, ...(lost ? { lost } : {}), ...(spent.length > 0 ? { spent } : {}) },
  });
  const remove = (uuid: string): void => {
    pending = pending.filter((prompt) => prompt.uuid !== uuid);
  };
  const decide = (uuid: string, fate: "begun" | "gone"): void => {
    fates.get(uuid)?.resolve(fate);
    fates.delete(uuid);
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
      return prompt && { localId: prompt.localId, text: prompt.text, hidden: prompt.hidden, recorded: prompt.recorded };
    },
    find: (localId) => pending.find((prompt) => prompt.localId === localId),
    recorded(uuids) {
      pending = pending.map((prompt) => {
        if (prompt.recorded || !uuids.includes(prompt.uuid)) return prompt;
        decide(prompt.uuid, "begun");
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
      decide(uuid, "begun");
    },
    abandon(failure) {
      // Also one whose line was heard on stdout alone: who sends it again looks into the file.
      lost = pending.findLast((prompt) => prompt.begun || prompt.recorded) ?? lost;
      const uuids = pending.filter((prompt) => prompt.begun || prompt.recorded).map((prompt) => prompt.uuid);
      const localIds = this.finish(uuids, "interrupted", failure);
      for (const { uuid } of pending) decide(uuid, "gone");
      pending = [];
      return localIds;
    },
    isSpent: (uuid) => spent.includes(uuid),
    get lost() {
      return lost;
    },
    unfinished: (uuid) => unfinished.find((one) => one.uuid === uuid)?.localId,
    fate(uuid, why) {
      const prompt = pending.find((one) => one.uuid === uuid);
      if (!prompt) return Promise.resolve("gone");
      if (prompt.begun || prompt.recorded) return Promise.resolve("begun");
      const asked = fates.get(uuid) ?? { ...Promise.withResolvers<"begun" | "gone">(), why };
      fates.set(uuid, asked);
      return asked.promise;
    },
    askedBack: (uuid) => void fates.delete(uuid),
    cancelled(uuid) {
      const prompt = pending.find((one) => one.uuid === uuid);
      if (!prompt || prompt.recorded) return;
      // Nobody here asked: a former process did, or Claude dropped it by itself. Its sender hears of it.
      const why = fates.get(uuid)?.why ?? "stop";
      spent = [...spent, uuid].slice(-MAX_SPENT);
      // A repetition is made anew from the record.
      if (why !== "withdraw" && !prompt.hidden) lost = prompt;
      if (why === "stop") this.finish([uuid], "interrupted");
      else remove(uuid);
      decide(uuid, "gone");
    },
    get pending() {
      return pending;
    },
    mark,
  };
}
