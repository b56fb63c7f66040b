/** Recorded conversations of a real OpenCode, as canonical events. */
import { expect, test } from "bun:test";
import { play, playFrom, recordedEvents, story, threadOf, type Played } from "./recorded.case.ts";
import { newState } from "./state.ts";

const turns = recordedEvents("turns");
const subAgents = recordedEvents("sub-agents");

test("a conversation with everything OpenCode does in a turn", () => {
  expect(story(play(turns).told)).toEqual([
    "user-message: hello opencode",
    "agent-message: Echo: hello opencode",
    "turn completed",
    "user-message: run: touch oc1 && echo made",
    "call bash (execute): touch oc1 && echo made",
    "asks permission bash",
    "approved by terminal",
    "result completed",
    "agent-message: Done. The last tool said: made",
    "turn completed",
    "user-message: run: touch oc2",
    "asks permission bash",
    "call bash (execute): touch oc2",
    "denied by terminal",
    "result denied",
    "agent-message: Done. The last tool said: The user rejec",
    "turn completed",
    "user-message: run: touch oc2b",
    "asks permission bash",
    "call bash (execute): touch oc2b",
    "denied by terminal",
    "result denied",
    // Refused without a word: that ends OpenCode's turn.
    "turn interrupted",
    "user-message: run: touch oc3",
    "asks permission bash",
    "call bash (execute): touch oc3",
    "approved by terminal",
    "result completed",
    "agent-message: Done. The last tool said: (no output)",
    "turn completed",
    "user-message: run: touch oc4",
    "call bash (execute): touch oc4",
    "result completed",
    "agent-message: Done. The last tool said: (no output)",
    "turn completed",
    "user-message: write /home/user/proj-opencode/w.txt: hi",
    "call write (edit): /home/user/proj-opencode/w.txt",
    "asks permission write",
    "approved by terminal",
    "result completed",
    "agent-message: Done. The last tool said: Wrote file suc",
    "turn completed",
    "user-message: edit /home/user/proj-opencode/w.txt: hi ",
    "call edit (edit): /home/user/proj-opencode/w.txt",
    "asks permission edit",
    "approved by terminal",
    "result completed",
    "agent-message: Done. The last tool said: Edit applied s",
    "turn completed",
    "user-message: todo: +a,*b,c",
    "call todowrite (todo): todowrite",
    "result completed",
    "plan a=completed b=in_progress c=pending",
    'agent-message: Done. The last tool said: [\n  {\n    "con',
    "turn completed",
    "user-message: ask: Which?|Red|Blue",
    "asks question AskUserQuestion",
    "call question (question): question",
    "approved by terminal",
    "result completed",
    "agent-message: Done. The last tool said: User has answe",
    "turn completed",
    "user-message: slow 50 100",
    "agent-message: chunk 1 chunk 2 chunk 3 chunk 4 chunk 5 ",
    "turn interrupted",
    "user-message: think: hmm\nsay: after abort",
    "user-message: model?",
    "thought: hmm",
    "agent-message: after abort",
    "turn completed",
    "agent-message: Echo: model?",
    "turn completed",
    "user-message: plan agent?",
    "agent-message: Echo: plan agent?",
    "turn completed",
    "user-message: fail 400: bad",
    "retrying 1/5 unknown",
    "retrying 2/5 unknown",
    "retrying 3/5 unknown",
    "retrying 4/5 unknown",
    "user-message: fail 529 x1",
    "retrying 5/5 unknown",
    "user-message: fail 500 x1",
    "user-message: still alive",
    "turn failed invalid_request",
    "user-message: run: rm -f pending_one",
    "asks permission bash",
    "call bash (execute): rm -f pending_one",
    "result cancelled",
    "canceled by agent",
    "turn interrupted",
  ]);
});

test("a prompt during a turn, a sub-agent with a permission of its own, and what is refused and fails", () => {
  expect(story(play(subAgents).told)).toEqual([
    "user-message: run: rm -f p1",
    "call bash (execute): rm -f p1",
    "asks permission bash",
    "result cancelled",
    "canceled by agent",
    "turn interrupted",
    "user-message: slow 15 100",
    "user-message: sent while busy",
    "agent-message: chunk 1 chunk 2 chunk 3 chunk 4 chunk 5 ",
    "turn completed",
    "agent-message: Echo: sent while busy",
    "turn completed",
    "user-message: run: rm -f p2",
    "call bash (execute): rm -f p2",
    "result completed",
    "agent-message: Done. The last tool said: (no output)",
    "turn completed",
    "user-message: agent: run: rm -f p3",
    "call task (agent): A helper",
    "asks permission bash",
    "  call bash (execute): rm -f p3",
    "approved by terminal",
    "  result completed",
    "  agent-message: Done. The last tool said: (no output)",
    "result completed",
    'agent-message: Done. The last tool said: <task id="ses_',
    "turn completed",
    "user-message: ask: Which?|A|B",
    "asks question AskUserQuestion",
    "call question (question): question",
    "denied by terminal",
    "result denied",
    "turn interrupted",
    "user-message: fail 400: bad",
    "user-message: fail 429 x1",
    "turn failed invalid_request",
    "user-message: fail 529 x1",
    "retrying 1/5 overloaded",
    "agent-message: Recovered after 1 failures.",
    "turn completed",
    "user-message: alive",
    "agent-message: Echo: alive",
    "turn completed",
  ]);
});

const records = (...lives: readonly Played[]) => {
  const byKey = new Map<string, unknown>();
  for (const { told } of lives)
    for (const event of told) {
      if (event.type !== "record") continue;
      const { type, id } = event.event;
      expect(byKey.get(event.key) ?? { type, id }).toEqual({ type, id });
      byKey.set(event.key, { type, id });
    }
  return [...byKey.keys()].toSorted();
};

test.each([
  ["turns", turns],
  ["sub-agents", subAgents],
] as const)("%s: a driver that begins anew anywhere tells the rest of the same story", (_, events) => {
  const whole = records(play(events));
  for (let cut = 1; cut < events.length; cut += 7) {
    const before = play(events.slice(0, cut), newState(threadOf(events), null));
    // A wait for the next try is said only as it begins, and nothing of it stands in the record.
    const isWait = (key: string) => key.includes(":retry:");
    const both = records(before, playFrom(before, events.slice(cut)));
    expect(both.filter((key) => !isWait(key))).toEqual(whole.filter((key) => !isWait(key)));
  }
});

test("what was streamed is what is recorded, without the white space that OpenCode drops", () => {
  const { told } = play(turns);
  const shown = new Map<string, string>();
  for (const event of told) {
    if (event.type !== "stream" || event.delta.kind === "tool-output") continue;
    const { itemId, offset, delta } = event.delta;
    const text = shown.get(itemId) ?? "";
    expect(offset).toBeLessThanOrEqual(text.length);
    shown.set(itemId, text.slice(0, offset) + delta + text.slice(offset + delta.length));
  }
  const texts = told.flatMap((event) =>
    event.type === "record" && (event.event.type === "agent-message" || event.event.type === "thought") ? [event.event] : [],
  );
  expect(texts.length).toBeGreaterThan(10);
  for (const { id, text } of texts) expect(shown.get(id)).toBe(text);
});

test("usage of a turn is the sum of its answers, with the gauge of the last", () => {
  const usages = play(turns).told.flatMap((event) => (event.type === "record" && event.event.type === "usage" ? [event.event.usage] : []));
  expect(usages[0]).toEqual({
    inputTokens: 2412,
    outputTokens: 18,
    cacheReadTokens: 0,
    cacheCreationTokens: 0,
    contextTokens: 2430,
    contextWindow: 100_000,
    costUsd: 0.002448,
    model: "fake/alpha",
  });
  // A call and the words behind it: two answers.
  expect(usages[1]?.inputTokens).toBeGreaterThan(2 * 2400);
});

test("every word of the recordings has been decided about; one that is new is counted and told raw", () => {
  expect(play(turns).hearing.to.unknown).toEqual({});
  expect(play(subAgents).hearing.to.unknown).toEqual({});
  const threadId = threadOf(turns);
  const played = play(
    [
      { id: "evt_1", type: "session.dreamed", properties: { sessionID: threadId, of: "sheep" } },
      { id: "evt_2", type: "session.dreamed", properties: { sessionID: "ses_other" } },
    ],
    newState(threadId, null),
  );
  expect(played.hearing.to.unknown).toEqual({ "event/session.dreamed": 2 });
  expect(played.told).toEqual([
    {
      type: "record",
      key: "evt_1",
      event: {
        type: "unknown",
        id: "evt_1",
        raw: { id: "evt_1", type: "session.dreamed", properties: { sessionID: threadId, of: "sheep" } },
      },
    },
  ]);
});

test("in yolo it is allowed as it is asked, and nobody hears of it; questions are still asked", () => {
  const played = play(turns, { ...newState(threadOf(turns), null), mode: "yolo" });
  const asked = played.told.flatMap((event) => (event.type === "request" ? [event.request.kind] : []));
  expect(played.allowed).toHaveLength(6);
  // Behind a prompt that was typed for the plan agent and one for the other again: the mode is the asking one then.
  expect(asked).toEqual(["question", "permission"]);
  expect(played.hearing.to.state.mode).toBe("default");
});
