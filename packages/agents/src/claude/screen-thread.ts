/**
 * Which conversation is on the terminal's screen: a person begins others there and takes old ones up. Hooks and Claude's status file name it, and
 * each of the two may be late, so the status alone is followed only where there are no hooks. Pure, but for what it remembers.
 */

/** Hooks that come while their conversation is the one on the screen. */
const OF_A_TURN: ReadonlySet<string> = new Set(["UserPromptSubmit", "PreToolUse", "PermissionRequest"]);
/** What a SessionStart hook calls the beginning of a conversation that was not there before. */
const BEGINS: ReadonlySet<string> = new Set(["startup", "clear"]);

export interface NamedThread {
  threadId: string;
  transcript?: string | undefined;
}

export interface ScreenThread {
  /** Any hook names the conversation that it is of; the report of its beginning may be lost, or overtaken. */
  reported(event: string, named: NamedThread): void;
  /** SessionStart. False: this report is late, its conversation was left. */
  began(threadId: string, source: string): boolean;
  /** Claude's status names this one; null: it is not followed on that word alone. */
  named(threadId: string, isHookless: boolean): NamedThread | null;
  left(threadId: string): void;
}

export function createScreenThread(): ScreenThread {
  /** What the hooks of a turn named last. */
  let last: NamedThread | null = null;
  const leftThreads = new Set<string>();

  return {
    reported(event, named) {
      if (OF_A_TURN.has(event)) last = named;
    },
    began(threadId, source) {
      // A conversation that began here and was left begins no second time.
      if (BEGINS.has(source) && leftThreads.has(threadId)) return false;
      last = null;
      return true;
    },
    named(threadId, isHookless) {
      if (last?.threadId === threadId) return last;
      return isHookless ? { threadId } : null;
    },
    left: (threadId) => void leftThreads.add(threadId),
  };
}
