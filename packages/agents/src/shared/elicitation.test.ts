/** Forms of MCP servers: as questions, and what is answered in the server's own values. */
import { describe, expect, test } from "bun:test";
import type { RequestAnswer } from "../driver.ts";
import { answeredWords, elicitation, elicitationReply } from "./elicitation.ts";

const properties = {
  where: { type: "string", title: "Where?", enum: ["eu", "us"], enumNames: ["Europe", "America"] },
  count: { type: "integer", description: "How many?" },
  share: { type: "number" },
  dry: { type: "boolean", title: "Dry run?" },
  tags: { type: "array", title: "Tags?", items: { anyOf: [{ const: "a", title: "First" }, { const: "b" }] } },
};
const asked = (params: Record<string, unknown>, server?: string) => {
  const found = elicitation({ message: "Before I deploy", ...params }, server);
  if (!found) throw new Error("it is not asked");
  return found;
};
const form = asked({ mode: "form", requestedSchema: { properties, required: ["where"] } }, "shop");
const reply = (answers: Record<string, string[]>) => elicitationReply(form.ask, { behavior: "allow", answers });

test("each field is a question: who asks, what for, what may be left out, and where no other words are taken", () => {
  expect(form.request).toMatchObject({ kind: "question", title: "Before I deploy", input: { message: "Before I deploy", server: "shop" } });
  const { questions } = form.request.input as { questions: Record<string, unknown>[] };
  const marks = questions.map(({ id, question, closed, optional, multiSelect }) => [id, question, closed, optional, multiSelect]);
  expect(marks).toEqual([
    ["where", "Where?", true, undefined, false],
    ["count", "How many?", undefined, true, false],
    ["share", "Before I deploy", undefined, true, false],
    ["dry", "Dry run?", true, true, false],
    ["tags", "Tags?", true, true, true],
  ]);
});

test("answers go back as the server's values, whichever way a client names a question; what was left out is left out", () => {
  const given = reply({ "Where?": ["America"], "1": ["3"], dry: ["No"], tags: ["First", "b"] });
  expect(given).toEqual({ action: "accept", content: { where: "us", count: 3, dry: false, tags: ["a", "b"] } });
  expect(reply({ where: ["eu"], share: ["0.5"] })).toEqual({ action: "accept", content: { where: "eu", share: 0.5 } });
  const { fields } = form.ask as Extract<typeof form.ask, { type: "form" }>;
  expect(answeredWords(fields, { where: "us", tags: ["a"] })).toBe("Where?: America\nTags?: First");
});

test.each([
  [{ count: ["3"] }, '"Where?" needs an answer'],
  [{ where: ["Mars"] }, '"Where?" takes one of: Europe, America'],
  [{ where: ["eu"], dry: ["perhaps"] }, '"Dry run?" takes one of: Yes, No'],
  [{ where: ["eu"], tags: ["First", "c"] }, '"Tags?" takes one of: First, b'],
  [{ where: ["eu"], count: ["2.5"] }, '"How many?" takes a whole number'],
  [{ where: ["eu"], count: [" "] }, '"How many?" takes a whole number'],
  [{ where: ["eu"], share: ["half"] }, '"Before I deploy" takes a number'],
])("%p is refused: %s", (answers, message) => {
  expect(() => reply(answers)).toThrow(expect.objectContaining({ code: "invalid_body", message }));
});

describe("what is no form", () => {
  const yes: RequestAnswer = { behavior: "allow" };
  test("one without fields asks for a yes, an address for a visit; a denial declines each", () => {
    const sure = asked({ requestedSchema: { properties: {} } });
    expect(sure.request.input).toMatchObject({ questions: [{ question: "Before I deploy", closed: true, options: [{ label: "Yes" }] }] });
    expect(elicitationReply(sure.ask, yes)).toEqual({ action: "accept", content: {} });
    const visit = asked({ mode: "url", url: "https://example.com/a", elicitationId: "e" });
    expect(visit.request.input).toMatchObject({
      url: "https://example.com/a",
      questions: [{ question: expect.stringContaining("https://") }],
    });
    expect(visit.ask).toEqual({ type: "url", elicitationId: "e" });
    expect(elicitationReply(visit.ask, yes)).toEqual({ action: "accept" });
    for (const { ask } of [sure, visit, form]) expect(elicitationReply(ask, { behavior: "deny" })).toEqual({ action: "decline" });
  });

  test("a mode that nobody knows is not asked", () => {
    expect(elicitation({ mode: "hologram", message: "?" })).toBeNull();
  });
});
