import { describe, expect, test } from "bun:test";
import { type HeldPrompts, heldPromptsWait, promptWaits, type QueuedPromptFacts } from "./waiting.ts";

const held: HeldPrompts = {
  now: 1_000,
  queued: 1,
  handing: false,
  moving: false,
  heldByTerminal: false,
  busy: false,
  openRequests: 0,
  pausedUntil: 0,
};

describe("what a session's prompts wait for", () => {
  test.each([
    ["none is there", { queued: 0 }, null],
    ["it goes on with them now", {}, null],
    ["the last one is being handed", { queued: 0, handing: true }, { for: "agent" }],
    ["the agent starts for it", { queued: 0, handing: true, moving: true }, { for: "start" }],
    ["one is being handed, the others follow", { handing: true }, { for: "agent" }],
    ["the agent starts", { moving: true }, { for: "start" }],
    ["a turn runs", { busy: true }, { for: "turn" }],
    ["it waits for an answer", { busy: true, openRequests: 1 }, { for: "approval" }],
    ["the terminal's turn", { handoff: { waitsFor: "turn", since: 7 }, busy: true }, { for: "turn", since: 7 }],
    ["that waits for an answer", { handoff: { waitsFor: "turn", since: 7 }, busy: true, openRequests: 2 }, { for: "approval", since: 7 }],
    ["the keyboard", { handoff: { waitsFor: "keyboard", since: 7 } }, { for: "keyboard", since: 7 }],
    ["a word that comes later", { handoff: { waitsFor: "moon", since: 7 } }, { for: "moon", since: 7 }],
    ["a person holds the terminal", { heldByTerminal: true }, { for: "terminal" }],
    ["a failed turn goes first", { retryAt: 9_000 }, { for: "pause", until: 9_000 }],
    ["and runs", { retryAt: null, busy: true }, { for: "turn" }],
    ["the agent could not be started", { pausedUntil: 3_000 }, { for: "pause", until: 3_000 }],
    ["that is over", { pausedUntil: 900 }, null],
  ] as [string, Partial<HeldPrompts>, object | null][])("%s", (_, facts, expected) => {
    expect(heldPromptsWait({ ...held, ...facts })).toEqual(expected as never);
  });
});

type Facts = Omit<Partial<QueuedPromptFacts>, "session"> & { session?: Partial<QueuedPromptFacts["session"]> };
const living = { active: true, archived: false, starting: false, thinking: false, agentState: null, readOnlyWhileLocal: false };
const queuedPrompt = ({ session, ...facts }: Facts): QueuedPromptFacts => ({
  now: 1_000,
  acceptedAt: 500,
  scheduledAt: null,
  wakes: true,
  connected: true,
  unconfirmed: false,
  diskFull: false,
  start: null,
  machine: "ready",
  ...facts,
  session: { ...living, ...session },
});
const ended = { active: false };

describe("what a prompt in the hub's queue waits for", () => {
  test.each([
    ["its time", { scheduledAt: 2_000 }, { for: "time", since: 500, until: 2_000 }],
    ["its time is over: something else", { scheduledAt: 900, connected: false }, { for: "connection" }],
    ["its process is away", { connected: false }, { for: "connection" }],
    ["its process has not confirmed it", { unconfirmed: true }, { for: "connection" }],
    ["the hub's disk", { diskFull: true }, { for: "disk" }],
    ["what the session says", { session: { agentState: { queue: { for: "keyboard", since: 3 } } } }, { for: "keyboard", since: 3 }],
    ["another client's turn", { session: { thinking: true, turnStartedAt: 4 } }, { for: "turn", since: 4 }],
    ["another client's request", { session: { thinking: true, agentState: { requests: { a: { tool: "t" } } } } }, { for: "approval" }],
    ["read-only", { session: { agentState: { controlledByUser: true }, readOnlyWhileLocal: true } }, { for: "terminal" }],
    ["an agent that comes up", { session: { starting: true } }, { for: "start" }],
    ["a living session, idle", {}, { for: "nothing" }],
    ["its start", { session: ended, start: { state: "starting", since: 5 } }, { for: "start", since: 5 }],
    ["a start by somebody else", { session: { ...ended, starting: true } }, { for: "start" }],
    [
      "after a start that failed",
      { session: ended, start: { state: "paused", since: 5, until: 9, code: "thread_in_use" } },
      { for: "pause", since: 5, until: 9, code: "thread_in_use" },
    ],
    [
      "a full disk",
      { session: ended, start: { state: "paused", since: 5, until: 9, code: "database_full" } },
      { for: "disk", since: 5, until: 9, code: "database_full" },
    ],
    [
      "a start that only a person can help",
      { session: ended, start: { state: "refused", since: 5, code: "agent_not_installed" } },
      { for: "person", since: 5, code: "agent_not_installed" },
    ],
    ["archived", { session: { ...ended, archived: true } }, { for: "person", code: "session_archived" }],
    ["a person ended it", { session: ended, wakes: false }, { for: "person", code: "session_inactive" }],
    ["its machine", { session: ended, machine: "away" }, { for: "machine" }],
    ["its runner", { session: ended, machine: "online" }, { for: "runner" }],
    ["nobody starts it", { session: ended }, { for: "nothing" }],
  ] as [string, Facts, object][])("%s", (_, facts, expected) => {
    expect(promptWaits(queuedPrompt(facts))).toEqual(expected as never);
  });
});
