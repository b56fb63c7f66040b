import { describe, expect, test } from "bun:test";
import { givenPromptsWait, type HeldPrompts, heldPromptsWait, promptWaits, type QueuedPromptFacts } from "./waiting.ts";

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
const living = {
  active: true,
  archived: false,
  ended: false,
  tellsGiven: true,
  starting: false,
  thinking: false,
  agentState: null,
  readOnlyWhileLocal: false,
};
const queuedPrompt = ({ session, ...facts }: Facts): QueuedPromptFacts => ({
  localId: "p",
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

describe("what a prompt waits for that the agent has and has not begun with", () => {
  const given = { for: "uptake", since: 900, localIds: ["o", "p"] };
  test.each([
    ["by its session's word", { session: { agentState: { given } } }, { for: "uptake", since: 900 }],
    ["a turn goes first, and asks", { session: { agentState: { given: { ...given, for: "approval" } } } }, { for: "approval", since: 900 }],
    ["the line is down", { connected: false }, { for: "connection" }],
    [
      "its agent ended before it began: it is the session's again",
      { session: { agentState: { queue: { for: "start", since: 9 } } } },
      { for: "start", since: 9 },
    ],
    ["for minutes", { now: 950 + 120_000, session: { agentState: { given } } }, { for: "silence", since: 900 }],
    ["not quite so long", { now: 949 + 120_000, session: { agentState: { given } } }, { for: "uptake", since: 900 }],
    [
      "by a clock that is behind, of a moment ago",
      { now: 10_000_000, handedAt: 9_999_000, session: { agentState: { given } } },
      { for: "uptake", since: 900 },
    ],
    [
      "a turn goes first, however long",
      { now: 10_000_000, session: { agentState: { given: { ...given, for: "turn" } } } },
      { for: "turn", since: 900 },
    ],
    ["its session's word comes a moment later", { now: 10_000 }, { for: "uptake", since: 950 }],
    ["its session knows nothing of it", { now: 20_000 }, { for: "nothing" }],
    ["nor does it name it", { now: 20_000, session: { agentState: { given: { ...given, localIds: ["o"] } } } }, { for: "nothing" }],
    ["one that says nothing of such prompts", { now: 20_000, session: { tellsGiven: false } }, { for: "uptake", since: 950 }],
    ["such a one, for minutes", { now: 200_000, session: { tellsGiven: false } }, { for: "silence", since: 950 }],
    ["of such a one a turn runs", { session: { tellsGiven: false, thinking: true } }, { for: "turn", since: 950 }],
    ["its session was killed, and its machine is away", { session: ended, machine: "away" }, { for: "machine" }],
    ["its session was killed: the runner says what became of it", { session: ended }, { for: "runner" }],
    ["it is started", { session: ended, start: { state: "starting", since: 5 } }, { for: "start", since: 5 }],
    [
      "ended without a word on it: its next start has one",
      { session: { active: false, ended: true } },
      { for: "person", code: "session_inactive" },
    ],
    ["archived", { session: { active: false, ended: true, archived: true } }, { for: "person", code: "session_archived" }],
  ] as [string, Facts, object][])("%s", (_, facts, expected) => {
    expect(promptWaits(queuedPrompt({ handedAt: 950, ...facts }))).toEqual(expected as never);
  });

  test("as its session sees it", () => {
    expect(givenPromptsWait({ openRequests: 0, inTurn: false })).toEqual({ for: "uptake" });
    expect(givenPromptsWait({ openRequests: 0, inTurn: true })).toEqual({ for: "turn" });
    expect(givenPromptsWait({ openRequests: 1, inTurn: true })).toEqual({ for: "approval" });
  });
});
