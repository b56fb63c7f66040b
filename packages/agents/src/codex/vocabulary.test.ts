/** Each word of the app server is handled, or passed over for a reason; neither is only said. */
import { expect, test } from "bun:test";
import { openScripted, THREAD } from "./scripted.case.ts";
import { PASSED } from "./vocabulary.ts";

const HEARD = `
  error configWarning warning turn/started turn/completed turn/plan/updated item/started item/completed item/agentMessage/delta
  item/reasoning/summaryTextDelta item/plan/delta item/commandExecution/outputDelta serverRequest/resolved thread/status/changed
  thread/settings/updated thread/tokenUsage/updated thread/name/updated thread/reverted account/rateLimits/updated guardianWarning deprecationNotice model/rerouted
`
  .trim()
  .split(/\s+/);

const NEEDS: Record<string, object> = {
  error: { turnId: "t1", willRetry: true, error: { message: "Reconnecting... 1/5" } },
  configWarning: { summary: "config" },
  warning: { message: "careful" },
  guardianWarning: { message: "careful" },
  deprecationNotice: { summary: "old" },
  "turn/started": { turn: { id: "t1" } },
  "turn/completed": { turn: { id: "t1", status: "completed" } },
  "turn/plan/updated": { turnId: "t1", plan: [] },
  "item/started": { turnId: "t1", item: { type: "commandExecution", id: "i" } },
  "item/completed": { turnId: "t1", item: { type: "agentMessage", id: "i", text: "words" } },
  "item/agentMessage/delta": { itemId: "known", delta: "words" },
  "item/reasoning/summaryTextDelta": { itemId: "known", delta: "words" },
  "item/plan/delta": { itemId: "known", delta: "words" },
  "item/commandExecution/outputDelta": { itemId: "known", delta: "words" },
  "thread/settings/updated": { threadSettings: { model: "another" } },
  "thread/name/updated": { threadName: "another" },
  "model/rerouted": { turnId: "t1", fromModel: "a", toModel: "b", reason: "highRiskCyberActivity" },
};
/** Kept for later, or told by a timer or a request: nothing is told at once. */
const SILENT = new Set(["serverRequest/resolved", "thread/status/changed", "thread/tokenUsage/updated", "account/rateLimits/updated"]);

async function heard(method: string, params: object) {
  const codex = openScripted();
  await codex.conversation.adopt();
  codex.say("turn/started", { threadId: THREAD, turn: { id: method === "turn/started" ? "t0" : "t1" } });
  if (method === "turn/started") codex.say("turn/completed", { threadId: THREAD, turn: { id: "t0", status: "completed" } });
  if (method.endsWith("elta")) codex.say("item/started", { threadId: THREAD, turnId: "t1", item: { type: "agentMessage", id: "known" } });
  const before = codex.events.length;
  codex.say(method, { threadId: THREAD, ...params });
  return { told: codex.events.slice(before), unknown: codex.conversation.unknownWords };
}

test.each(HEARD)("%s is handled", async (method) => {
  const { told, unknown } = await heard(method, NEEDS[method] ?? {});
  expect(unknown).toEqual({});
  expect(told.length > 0).toBe(!SILENT.has(method));
  expect(PASSED.has(method)).toBe(false);
});

test.each([...PASSED])("%s is passed over", async (method) => {
  const { told, unknown } = await heard(method, { turnId: "t1", itemId: "known", delta: "words" });
  expect([told, unknown]).toEqual([[], {}]);
});

test("another model, and a conversation that was taken back, are told", async () => {
  const rerouted = await heard("model/rerouted", { fromModel: "a", toModel: "b", reason: "why" });
  expect(rerouted.told).toMatchObject([
    { event: { type: "notice", code: "model_other", text: "b answers instead of a: why", level: "warning" } },
  ]);
  const reverted = await heard("thread/reverted", {});
  expect(reverted.told).toMatchObject([{ event: { type: "notice", code: "conversation_rewound_back" } }]);
});

test("an end that has another word than those that are known is no end like another: it is counted, and says so", async () => {
  const { told, unknown } = await heard("turn/completed", { turn: { id: "t1", status: "evaporated" } });
  const message = 'Codex ended the turn with a word that is not known here: "evaporated"';
  expect(told.find((event) => event.type === "record" && event.event.type === "turn-ended")).toMatchObject({
    event: { outcome: "failed", failure: { code: "unknown", message } },
  });
  expect(unknown).toEqual({ "turn/evaporated": 1 });
});
