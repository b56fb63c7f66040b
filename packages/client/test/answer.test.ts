/** Which words of a turn are its answer. */
import { expect, test } from "bun:test";
import { encodeEvent, promptContent } from "@hapi/core";
import type { AgentEvent, Message } from "@hapi/protocol";
import { answerIn, rowsSince } from "../src/answer.ts";
import type { HubApi } from "../src/index.ts";

let serial = 0;
const row = (event: AgentEvent): Message => ({
  id: `m${(serial += 1)}`,
  seq: serial,
  localId: null,
  content: encodeEvent(event),
  createdAt: serial,
});
const said = (text: string, parent?: string): Message =>
  row({ type: "agent-message", id: `i${serial}`, text, ...(parent ? { parent } : {}) });
const tool = (): Message => row({ type: "tool-call", id: `t${serial}`, tool: "Bash", kind: "execute", title: "ls", input: {} });
const ended = (): Message => row({ type: "turn-ended", id: `e${serial}`, outcome: "completed" });
const prompt = (localId: string): Message => ({
  ...row({ type: "agent-message", id: "x", text: "x" }),
  localId,
  content: promptContent({ text: "and now?", attachments: [], meta: {} }),
});

test("the text behind the last tool call, all of it, of the main agent only", () => {
  const rows = [said("I look."), tool(), said("a subagent's", "task-1"), said("It is"), said("done."), ended()];
  expect(answerIn(rows, "p1")).toEqual({ text: "It is\n\ndone.", isWhole: true });
});

test("a turn that ends with a tool call keeps what it said before; one that says nothing is empty", () => {
  expect(answerIn([said("I tried."), tool(), ended()], "p1").text).toBe("I tried.");
  expect(answerIn([tool(), ended()], "p1")).toEqual({ text: "", isWhole: true });
});

test("what follows the next prompt answers that one; without its last word the turn is not whole", () => {
  expect(answerIn([said("first"), prompt("p2"), said("second"), ended()], "p1")).toEqual({ text: "first", isWhole: false });
  expect(answerIn([said("first"), ended(), said("later")], "p1")).toEqual({ text: "first", isWhole: true });
});

/** A hub that gives two rows a page, and knows the prompts among them. */
function pagesOf(rows: readonly Message[]) {
  let pages = 0;
  const messages = {
    queuedState: async (_id: string, localIds: readonly string[]) => ({
      queuedLocalIds: [],
      indeterminateLocalIds: [],
      invokedLocalMessages: localIds.flatMap((localId) => (rows.some((one) => one.localId === localId) ? [{ localId, invokedAt: 1 }] : [])),
    }),
    page: async (_id: string, { before }: { before?: { seq: number } }) => {
      pages += 1;
      const until = before ? rows.findIndex((one) => one.seq === before.seq) : rows.length;
      const from = Math.max(0, until - 2);
      const oldest = rows[from];
      return {
        messages: rows.slice(from, until),
        page: { hasMore: from > 0, nextBeforeAt: oldest?.createdAt ?? null, nextBeforeSeq: oldest?.seq ?? null },
      };
    },
  };
  return { api: { messages } as unknown as HubApi, pages: () => pages };
}

test("the prompt is looked for page by page, and what is behind it keeps its order", async () => {
  const rows = [prompt("old"), prompt("p1"), said("one"), tool(), said("two")];
  const { api } = pagesOf(rows);
  const found = await rowsSince(api, "s", "p1");
  expect(found?.prompt.localId).toBe("p1");
  expect(found?.after).toEqual(rows.slice(2));
});

test("one that the hub does not have is not looked for in the whole history", async () => {
  const { api, pages } = pagesOf([prompt("old"), said("one"), said("two")]);
  expect(await rowsSince(api, "s", "nobody's")).toBeNull();
  expect(pages()).toBe(0);
});

test("a turn too long to be read as a whole is no prompt that was taken back: its end is there", async () => {
  const rows = [prompt("p1"), ...Array.from({ length: 100 }, (_, n) => said(`word ${n}`)), tool(), said("the answer"), ended()];
  const found = await rowsSince(pagesOf(rows).api, "s", "p1");
  expect(found?.prompt.localId).toBe("p1");
  expect(found?.after.length).toBeLessThan(rows.length - 1);
  expect(answerIn(found?.after ?? [], "p1")).toEqual({ text: "the answer", isWhole: true });
});
