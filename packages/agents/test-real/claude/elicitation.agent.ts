/** An MCP server asks the person, through a driven Claude: forms, an address to open, bad answers, and a kill of the session process in between. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import type { AgentEvent } from "@hapi/protocol";
import type { RequestAnswer } from "../../src/driver.ts";
import { createRig, type Rig } from "./rig.ts";

const SERVER = join(import.meta.dir, "../shared/asking-server.mjs");
const args = [
  ...["--mcp-config", JSON.stringify({ mcpServers: { asking: { command: "node", args: [SERVER] } } })],
  ...["--allowedTools", "mcp__asking__deploy"],
];

const ask = async (rig: Rig, how: string) => {
  const from = rig.mark();
  await rig.conversation.prompt({ localId: `${how}-${from}`, text: `call: mcp__asking__deploy {"how":"${how}"}`, attachments: [] });
  return { from, request: await rig.wait("a question", (event) => event.type === "request" && event.request, from) };
};
const closing = (rig: Rig, id: string) => rig.wait("its end", (event) => event.type === "request-closed" && event.id === id && event);
const rowsOf = (rig: Rig, id: string): AgentEvent[] =>
  rig.events.flatMap((event) =>
    event.type === "record" && (("callId" in event.event && event.event.callId === id) || event.event.id === id) ? [event.event] : [],
  );
/** What the server was told. */
const told = async (rig: Rig, from: number): Promise<unknown> => {
  const result = await rig.record("tool-result", ({ output }) => output?.startsWith("{") === true, from);
  await rig.record("turn-ended", undefined, from);
  return JSON.parse(result.output ?? "");
};

test("a form: what can't be is said and stays open; answered, declined, and kept in the history", async () => {
  await using rig = await createRig({ args });
  await rig.start();
  const { from, request } = await ask(rig, "form");
  expect(request).toMatchObject({
    kind: "question",
    title: "Where to?",
    input: {
      server: "asking",
      questions: [
        { question: "Target", closed: true, options: [{ label: "staging" }, { label: "production" }] },
        { question: "How many" },
        {},
      ],
    },
  });
  const answer = (given: RequestAnswer) => rig.conversation.answer(request.id, given);
  await expect(answer({ behavior: "allow", answers: { "1": ["2"] } })).rejects.toMatchObject({ code: "invalid_body" });
  await expect(answer({ behavior: "allow", answers: { where: ["the moon"] } })).rejects.toMatchObject({ code: "invalid_body" });
  const many = { Target: ["staging"], "How many": ["many"] };
  await expect(answer({ behavior: "allow", answers: many })).rejects.toMatchObject({
    code: "invalid_body",
    message: '"How many" takes a whole number',
  });
  expect(await answer({ behavior: "allow", answers: { Target: ["staging"], "How many": ["2"], "2": ["Yes"] } })).toBe("applied");
  expect(await closing(rig, request.id)).toMatchObject({ outcome: "approved", by: "remote" });
  expect(await told(rig, from)).toEqual({ action: "accept", content: { where: "staging", count: 2, dry: true } });
  expect(rowsOf(rig, request.id)).toMatchObject([
    { type: "tool-call", kind: "question", title: "Where to?" },
    { type: "tool-result", status: "completed", output: "Target: staging\nHow many: 2\nDry run?: Yes" },
  ]);
  expect(await answer({ behavior: "deny" })).toBe("gone");

  const second = await ask(rig, "form");
  expect(await rig.conversation.answer(second.request.id, { behavior: "deny", reason: "not today" })).toBe("applied");
  expect(await closing(rig, second.request.id)).toMatchObject({ outcome: "denied", by: "remote", reason: "not today" });
  expect(await told(rig, second.from)).toEqual({ action: "decline" });
  expect(rowsOf(rig, second.request.id).at(-1)).toMatchObject({ status: "denied", output: "not today" });

  const third = await ask(rig, "sure");
  expect(third.request).toMatchObject({ input: { questions: [{ question: "Really?", options: [{ label: "Yes" }] }] } });
  await rig.conversation.answer(third.request.id, { behavior: "allow", answers: { "0": ["Yes"] } });
  expect(await told(rig, third.from)).toEqual({ action: "accept", content: {} });
}, 480_000);

test("an address: opened by the person, or done over there before anybody said so", async () => {
  await using rig = await createRig({ args });
  await rig.start();
  const { from, request } = await ask(rig, "visit");
  expect(request).toMatchObject({ kind: "question", input: { url: "https://example.com/login" } });
  await rig.conversation.answer(request.id, { behavior: "allow", answers: { "0": ["I have opened it"] } });
  expect(await told(rig, from)).toEqual({ action: "accept" });
  const second = await ask(rig, "visit");
  writeFileSync(join(rig.cwd, "visited"), "");
  expect(await closing(rig, second.request.id)).toMatchObject({ outcome: "resolved", by: "agent" });
  expect(await told(rig, second.from)).toEqual({ action: "accept" });
}, 480_000);

test("asked before a kill of the session process, answered after it", async () => {
  await using rig = await createRig({ args });
  await rig.start();
  const { from, request } = await ask(rig, "form");
  await rig.killSessionProcess();
  const mark = rig.mark();
  expect(await rig.takeOver()).toBe("remote");
  const again = await rig.wait("it stands", (event) => event.type === "request" && event.request, mark);
  expect(again).toEqual(request);
  expect(await rig.conversation.answer(again.id, { behavior: "allow", answers: { where: ["production"] } })).toBe("applied");
  expect(await told(rig, from)).toEqual({ action: "accept", content: { where: "production" } });
  expect(rowsOf(rig, again.id)).toHaveLength(2);
}, 480_000);

test("the turn is stopped while it asks: nobody is asked any more", async () => {
  await using rig = await createRig({ args });
  await rig.start();
  const { from, request } = await ask(rig, "form");
  await rig.conversation.interrupt();
  expect(await closing(rig, request.id)).toMatchObject({ outcome: "canceled" });
  expect(await rig.record("turn-ended", undefined, from)).toMatchObject({ outcome: "interrupted" });
}, 480_000);
