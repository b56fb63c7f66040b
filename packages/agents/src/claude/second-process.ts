/**
 * A second Claude on the session's own conversation, started past HAPI (`claude --resume` in another terminal). It can't be prevented, and two at
 * once branch the conversation without a word: each says things the other never sees. Claude's status files tell of it; so do we, once.
 */
import { attempt } from "@hapi/platform/lean";
import { noticeWords } from "@hapi/protocol";
import type { Core } from "./core.ts";
import { liveOnThread } from "./live-sessions.ts";
import { AGENT_NAME } from "./name.ts";
import { liveSessionsDir } from "./paths.ts";

/** Several writes of one file are one look. */
const QUIET_MS = 200;
/** The folder of status files is made by the first Claude that runs with this configuration. */
const FOLDER_AGAIN_MS = 1_000;

export interface SecondProcessWatch {
  /** The conversation's own process, while one runs. */
  follow(pid: number): void;
  /** It is gone: whoever opens the conversation now is alone with it. */
  rest(): void;
  close(): void;
}

export function watchSecondProcess(core: Core): SecondProcessWatch {
  const { context } = core;
  const { clock } = context;
  const { files, processes } = context.system;
  let own: number | null = null;
  let cancelLook: (() => void) | null = null;
  let stopWatching: (() => void) | null = null;
  const told = new Set<string>();

  function look(): void {
    const { thread } = core;
    if (own === null || thread === null) return;
    const strangers = liveOnThread(context, thread.id).filter(({ pid }) => pid !== own);
    if (strangers.length === 0) return;
    const family = new Set(processes.descendants(own));
    for (const { pid } of strangers.filter((one) => !family.has(one.pid))) {
      const key = `hapi:second:${thread.id}:${pid}`;
      if (told.has(key)) continue;
      told.add(key);
      context.log.warn("claude.second_process", { pid, threadId: thread.id });
      const words = noticeWords("second_process", { agent: AGENT_NAME, pid: String(pid) });
      context.emit({ type: "record", key, event: { type: "notice", id: key, level: "warning", ...words }, at: clock.now() });
    }
  }

  function soon(): void {
    if (cancelLook !== null) return;
    const onQuiet = (): void => {
      cancelLook = null;
      look();
    };
    cancelLook = clock.setTimer(QUIET_MS, onQuiet, { unref: true });
  }

  function listen(): void {
    if (stopWatching !== null || own === null) return;
    const dir = liveSessionsDir(context.env);
    const again = (): void => {
      stopWatching = null;
      listen();
      soon();
    };
    const onError = (): void => stopWatching?.();
    stopWatching =
      attempt(() => files.watch(dir, soon, onError), "it is not there yet") ?? clock.setTimer(FOLDER_AGAIN_MS, again, { unref: true });
  }

  return {
    follow(pid) {
      own = pid;
      listen();
      soon();
    },
    rest() {
      own = null;
    },
    close() {
      cancelLook?.();
      stopWatching?.();
      own = null;
    },
  };
}
