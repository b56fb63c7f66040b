/** When a usage limit is lifted is said by the account, not by the error. */
import { expect, test } from "bun:test";
import { openScripted, THREAD } from "./scripted.case.ts";

const error = { message: "You've hit your usage limit.", codexErrorInfo: "usageLimitExceeded" };
const window = (usedPercent: number, resetsAt: number | null) => ({ usedPercent, windowDurationMins: 300, resetsAt });

async function failureAfter(...limits: object[]) {
  const codex = openScripted();
  await codex.conversation.adopt();
  codex.say("turn/started", { threadId: THREAD, turn: { id: "t1" } });
  for (const rateLimits of limits) codex.say("account/rateLimits/updated", { rateLimits });
  codex.say("turn/completed", { threadId: THREAD, turn: { id: "t1", status: "failed", error } });
  return codex.events.flatMap((event) => (event.type === "record" && event.event.type === "turn-ended" ? [event.event.failure] : []))[0];
}

// It is 1 s by the clock of these sessions.
test.each([
  ["the window that is full", [{ primary: window(100, 61), secondary: window(40, 900) }], 61_000],
  ["the later of two", [{ primary: window(100, 61), secondary: window(100, 900) }], 900_000],
  ["what was said before, where an update says nothing", [{ primary: window(100, 61) }, { primary: null }], 61_000],
])("a usage limit is lifted with %s", async (_, limits, resetsAt) => {
  expect(await failureAfter(...limits)).toMatchObject({ code: "usage_limit", resetsAt, retryAfterMs: resetsAt - 1_000 });
});

test.each([
  ["nothing is said", []],
  ["no window is full any more", [{ primary: window(100, 61) }, { primary: window(3, 900) }]],
  ["the time is over", [{ primary: window(100, 1) }]],
  ["the window has no time", [{ primary: window(100, null) }]],
])("where %s, no time is made up", async (_, limits) => {
  const failure = await failureAfter(...limits);
  expect(failure?.code).toBe("usage_limit");
  expect(failure).not.toHaveProperty("resetsAt");
});
