/** One session for each thing a session can be doing, for tests of what is shown and for docs/status.md. Times are minutes before `now`. */
import { STATUSES, type StatusName } from "@hapi/core";
import type { Session } from "@hapi/protocol";

export interface StatusCase {
  what: StatusName;
  /** What makes it so, in one sentence. */
  when: string;
  session(now: number): Session;
}

const MINUTE = 60_000;

interface Facts {
  title: string;
  active?: boolean;
  lifecycle?: string;
  minutesAgo?: number;
  /** Somebody has looked since. */
  seen?: boolean;
  more?: Partial<Session>;
  metadata?: Record<string, unknown>;
}

function sessionOf(
  serial: number,
  now: number,
  { title, active = true, lifecycle, minutesAgo = 5, seen = true, more, metadata }: Facts,
): Session {
  const at = now - minutesAgo * MINUTE;
  return {
    id: `57a70500-0000-4000-8000-${String(serial).padStart(12, "0")}`,
    namespace: "default",
    seq: serial,
    createdAt: at - 60 * MINUTE,
    updatedAt: at,
    pinned: false,
    globalPinned: false,
    active,
    activeAt: active ? now : at,
    metadata: {
      path: "/home/ada/shop",
      host: "laptop",
      machineId: "m-laptop",
      homeDir: "/home/ada",
      flavor: "demo",
      name: title,
      lifecycleState: lifecycle ?? (active ? "running" : "completed"),
      lifecycleStateSince: at,
      ...metadata,
    },
    metadataVersion: 1,
    agentState: {},
    agentStateVersion: 1,
    thinking: false,
    thinkingAt: at,
    activeTurnStartedAt: null,
    backgroundTaskCount: 0,
    todosUpdatedAt: null,
    model: "demo-large",
    effort: null,
    permissionMode: "default",
    hasConversationContent: true,
    lastTurn: { outcome: "completed", at, localId: null },
    ...(seen ? { seenAt: now } : {}),
    ...more,
  };
}

const ended =
  (outcome: "failed" | "interrupted" | "unknown", minutesAgo: number, more: object = {}) =>
  (now: number) => ({
    lastTurn: { outcome, at: now - minutesAgo * MINUTE, localId: null, ...more },
  });

const CASES: Record<StatusName, { when: string; facts: (now: number) => Facts }> = {
  waiting: {
    when: "The agent asks for something (permission, question, plan) and has no answer yet.",
    facts: (now) => ({
      title: "Asks twice",
      more: {
        thinking: true,
        agentState: {
          requests: {
            a: { tool: "Bash", arguments: { command: "npm test" }, createdAt: now - 4 * MINUTE, kind: "permission" },
            b: { tool: "Edit", arguments: { file_path: "/home/ada/shop/a.ts" }, createdAt: now - 2 * MINUTE, kind: "permission" },
          },
        },
      },
    }),
  },
  working: {
    when: "A turn runs; the session's process says so every few seconds.",
    facts: (now) => ({ title: "In the middle of a turn", more: { thinking: true, activeTurnStartedAt: now - 3 * MINUTE } }),
  },
  starting: {
    when: "The session's process is there, its agent not yet.",
    facts: () => ({ title: "Not there yet", lifecycle: "initializing" }),
  },
  retrying: {
    when: "The last turn failed and will be tried again by itself.",
    facts: (now) => ({
      title: "Tries again by itself",
      more: {
        ...ended("failed", 1, { code: "overloaded", retryable: true, message: "Overloaded" })(now),
        agentState: { retry: { localId: null, attempt: 2, maxAttempts: 5, at: now + MINUTE, failureCode: "overloaded" } },
      },
    }),
  },
  limited: {
    when: "The last turn met the usage limit of its account; the session goes on once by itself after the reset.",
    facts: (now) => ({
      title: "Waits for the end of a usage limit",
      more: {
        ...ended("failed", 1, { code: "usage_limit", retryable: true, message: "You've hit your 5-hour limit" })(now),
        agentState: { retry: { localId: null, attempt: 1, maxAttempts: 5, at: now + 60 * MINUTE, failureCode: "usage_limit" } },
      },
    }),
  },
  failed: {
    when: "The last turn failed, or the session could not be started. After somebody has seen it, an inactive session is told as what it is.",
    facts: (now) => ({
      title: "Ran into a 401",
      seen: false,
      more: ended("failed", 5, { code: "auth", retryable: false, message: "Invalid API key · Please run /login" })(now),
    }),
  },
  unknown: {
    when: "Neither the agent nor its record can tell what became of the last prompt.",
    facts: (now) => ({ title: "Nobody can tell", seen: false, more: ended("unknown", 6)(now) }),
  },
  background: {
    when: "No turn runs, but something the agent started goes on: a shell, a sub-agent, a timer.",
    facts: () => ({
      title: "Serves in the background",
      more: {
        backgroundTaskCount: 1,
        agentState: { background: [{ id: "b1", kind: "shell", label: "npm run dev" }] },
      },
    }),
  },
  interrupted: {
    when: "Somebody stopped the last turn, or it ended with its process.",
    facts: (now) => ({ title: "Was stopped", more: ended("interrupted", 7)(now) }),
  },
  done: { when: "A turn ended since anybody has looked.", facts: () => ({ title: "Has news", seen: false }) },
  idle: { when: "Nothing runs, and nothing is new.", facts: () => ({ title: "Rests" }) },
  parked: {
    when: "It lives without an agent process; the next prompt starts one.",
    facts: () => ({ title: "Sleeps until the next prompt", metadata: { parked: true } }),
  },
  offline: {
    when: "It should be there, and nothing is heard of it (or of its machine).",
    facts: () => ({ title: "Out of reach", active: false, lifecycle: "running", minutesAgo: 30 }),
  },
  ended: { when: "Somebody quit or ended it. A prompt wakes it.", facts: () => ({ title: "Was ended", active: false, minutesAgo: 40 }) },
  archived: { when: "Somebody put it away.", facts: () => ({ title: "Put away", active: false, lifecycle: "archived", minutesAgo: 50 }) },
};

export const STATUS_CASES: readonly StatusCase[] = STATUSES.map((what, serial) => ({
  what,
  when: CASES[what].when,
  session: (now) => sessionOf(serial + 1, now, CASES[what].facts(now)),
}));
