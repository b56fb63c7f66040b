/** What a session process reads of a turn that began just before it did: only what Codex is sure of is told. */
import { expect, test } from "bun:test";
import { HANDED_KEY } from "./prompts.ts";
import { openScripted, THREAD, type Scripted } from "./scripted.case.ts";
import { newTurn } from "./state.ts";

const ends = ({ events }: Scripted) =>
  events.flatMap((event) =>
    event.type === "record" && event.event.type === "turn-ended" ? [[event.event.outcome, event.event.localIds]] : [],
  );
const resumed = (type: string) => () => ({ result: { model: "m", thread: { id: THREAD, status: { type } } } });
const listed = (turn: object) => () => ({ result: { data: [{ id: "t1", error: null, ...turn }], nextCursor: null } });

/** What is not sure is asked again a moment later. */
async function adopted({ conversation, clock }: Scripted): Promise<void> {
  let isOver = false;
  const adopting = conversation.adopt().finally(() => (isOver = true));
  while (!isOver) await clock.advance(100);
  await adopting;
}

test("a turn that runs may be listed as interrupted in its first moments: it is not over", async () => {
  const codex = openScripted({ turn: newTurn("t1", false) }, { [HANDED_KEY]: ["p1"] });
  codex.answers["thread/resume"] = resumed("active");
  codex.answers["thread/turns/list"] = listed({ status: "interrupted", completedAt: null });
  await codex.conversation.adopt();
  expect(ends(codex)).toEqual([]);
  expect(codex.conversation.busy).toBe(true);
  const item = { type: "userMessage", id: "i1", clientId: "p1", content: [{ type: "text", text: "hello" }] };
  codex.say("item/completed", { threadId: THREAD, turnId: "t1", item });
  codex.say("turn/completed", { threadId: THREAD, turn: { id: "t1", status: "completed" } });
  expect(ends(codex)).toEqual([["completed", ["p1"]]]);
});

test("a turn that has just begun, of a thread that is not active yet: it is not over", async () => {
  const codex = openScripted({ turn: newTurn("t1", false) }, { [HANDED_KEY]: ["p1"] });
  let asked = 0;
  codex.answers["thread/resume"] = () => resumed((asked += 1) === 1 ? "idle" : "active")();
  codex.answers["thread/turns/list"] = listed({ status: "interrupted", completedAt: null });
  await adopted(codex);
  expect([ends(codex), codex.conversation.busy, asked]).toEqual([[], true, 2]);
});

test.each([
  ["stopped", "active", { status: "interrupted", completedAt: 2 }],
  ["cut off by an end of its server", "idle", { status: "interrupted", completedAt: null }],
])("a turn that was %s is over", async (_, status, turn) => {
  const codex = openScripted({ turn: newTurn("t1", false) });
  codex.answers["thread/resume"] = resumed(status);
  codex.answers["thread/turns/list"] = listed(turn);
  await adopted(codex);
  expect(ends(codex)).toEqual([["interrupted", []]]);
  expect(codex.conversation.busy).toBe(false);
});
