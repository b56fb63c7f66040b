/**
 * Holds a terminal's hooks and its transcript against each other: what a hook reports must stand in the record, and turns that stand there must
 * have been reported. Both come late on a busy machine, so each is given time before its absence is a loss; both may come still.
 */
import { cutText } from "@hapi/core";
import { delay } from "@hapi/platform/lean";
import type { Core } from "./core.ts";
import { type Json, str } from "./json.ts";
import { commitMarks, readMark, type TypedMark } from "./state.ts";
import type { TranscriptFact } from "./transcript-parser.ts";

const LOOK_MS = 250;
const MAX_PROMPTS = 50;
const MAX_TYPED_CHARS = 100_000;

export interface LocalWatch {
  onReport(event: string, payload: Json): void;
  onFact(fact: TranscriptFact): void;
  /** Claude is at its prompt: nothing that was entered is on its way. */
  onIdle(): void;
  close(): void;
}

export interface LocalWatchOptions {
  core: Core;
  launchId: string;
  /** That no hook comes was said already. */
  isHookless(): boolean;
}

export function createLocalWatch({ core, launchId, isHookless }: LocalWatchOptions): LocalWatch {
  const { clock } = core.context;
  const { hooksMs, silentMs } = core.patience;
  /** Claude's ids of prompts: whose hook came, and whose line was read. */
  let submitted: string[] = [];
  let recorded: string[] = [];
  let wasReported = false;
  let closed = false;
  let cancelLate: (() => void) | null = null;

  const remember = (ids: string[], id: string): string[] => [...ids, id].slice(-MAX_PROMPTS);

  async function requireRecord(promptId: string): Promise<void> {
    const deadline = clock.now() + silentMs;
    while (!closed && !recorded.includes(promptId)) {
      const { feed } = core;
      if (clock.now() > deadline) await feed?.look();
      else await feed?.sync();
      if (closed || recorded.includes(promptId) || feed?.held === true) return;
      if (clock.now() > deadline) {
        const kind = feed?.isThere === true ? "record_silent" : "record_missing";
        return core.lost(kind, `${launchId}:${promptId}`, {
          path: feed?.thread.transcript ?? "",
          prompt: promptId,
          ...(feed?.problem === undefined ? {} : { problem: feed.problem }),
        });
      }
      await delay(LOOK_MS, { clock });
    }
  }

  function onStop(promptId: string): void {
    submitted = submitted.filter((id) => id !== promptId);
    requireRecord(promptId).catch((cause: unknown) => core.context.log.warn("claude.record_unwatched", { cause }));
  }

  /** Survives this process: a Claude that is killed before it wrote the prompt down leaves no other trace of it. */
  function keepTyped(typed: TypedMark | null): void {
    commitMarks(core.context, { "claude.typed": typed }).catch((cause: unknown) =>
      core.context.log.warn("claude.typed_not_kept", { cause }),
    );
  }

  function forgetTyped(which: (typed: TypedMark) => boolean = () => true): void {
    const typed = readMark(core.context, "claude.typed");
    if (typed && which(typed)) keepTyped(null);
  }

  function onLate(): void {
    cancelLate = null;
    if (!closed && !wasReported && !isHookless() && core.witness.localTurns > 0)
      core.lost("hooks_silent", launchId, { turns: core.witness.localTurns });
  }

  return {
    onIdle: () => forgetTyped(),
    onReport(event, payload) {
      wasReported = true;
      cancelLate?.();
      cancelLate = null;
      const promptId = str(payload["prompt_id"]);
      if (promptId === undefined) return;
      if (event === "UserPromptSubmit") {
        submitted = remember(submitted, promptId);
        const text = str(payload["prompt"]) ?? "";
        if (text !== "" && !recorded.includes(promptId))
          keepTyped({ launchId, promptId, text: cutText(text, MAX_TYPED_CHARS), at: clock.now() });
      }
      if (event === "Stop" && submitted.includes(promptId)) onStop(promptId);
    },
    onFact(fact) {
      if (fact.type === "line" && fact.promptId !== undefined) {
        recorded = remember(recorded, fact.promptId);
        forgetTyped((typed) => typed.promptId === fact.promptId);
      }
      if (fact.type !== "turn" || fact.running || wasReported || cancelLate || closed) return;
      cancelLate = clock.setTimer(hooksMs, onLate, { unref: true });
    },
    close() {
      closed = true;
      cancelLate?.();
    },
  };
}
