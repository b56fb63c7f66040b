/** What an MCP server asks a person through Codex: a form, an address, or a yes. */
import { expect, test } from "bun:test";
import type { DriverEvent, RequestAnswer } from "../driver.ts";
import type { Fields } from "../shared/read.ts";
import { settingsOf } from "./modes.ts";
import { asked, decisionOn } from "./requests.ts";
import { newState } from "./state.ts";

/** As the person is asked, and what the server is told of an answer. */
function elicited(params: Fields) {
  const events: DriverEvent[] = [];
  const state = newState("launch", "t1", settingsOf({}, null));
  const message = { method: "mcpServer/elicitation/request", params: { threadId: "t1", serverName: "shop", ...params } };
  expect(asked({ state, emit: (event) => void events.push(event) }, 7, message)).toBe(true);
  const [request] = events.flatMap((event) => (event.type === "request" ? [event.request] : []));
  const [open] = Object.values(state.requests);
  if (!request || !open) throw new Error("nothing is asked");
  return { request, reply: (answer: RequestAnswer) => decisionOn(open, answer).reply };
}

const ORDER: Fields = {
  mode: "form",
  message: "Your order",
  requestedSchema: {
    properties: {
      size: { type: "string", enum: ["s", "l"], enumNames: ["Small", "Large"] },
      count: { type: "integer", title: "How many?", description: "of each" },
      gift: { type: "boolean", title: "A gift?" },
      colours: { type: "array", title: "Colours", items: { enum: ["red", "blue"] } },
    },
    required: ["size", "count"],
  },
};

test("a form of an MCP server says who asks and what it takes, and is answered in the server's own values and types", () => {
  const { request, reply } = elicited(ORDER);
  expect(request).toMatchObject({ kind: "question", tool: "AskUserQuestion", title: "Your order" });
  expect(request.input).toEqual({
    message: "Your order",
    server: "shop",
    questions: [
      {
        id: "size",
        header: "size",
        question: "Your order",
        multiSelect: false,
        closed: true,
        options: [
          { label: "Small", description: "" },
          { label: "Large", description: "" },
        ],
      },
      { id: "count", header: "count", question: "How many?", multiSelect: false, options: [] },
      {
        id: "gift",
        header: "gift",
        question: "A gift?",
        multiSelect: false,
        closed: true,
        optional: true,
        options: [
          { label: "Yes", description: "" },
          { label: "No", description: "" },
        ],
      },
      {
        id: "colours",
        header: "colours",
        question: "Colours",
        multiSelect: true,
        closed: true,
        optional: true,
        options: [
          { label: "red", description: "" },
          { label: "blue", description: "" },
        ],
      },
    ],
  });
  const answers = { size: ["Large"], "How many?": ["3"], "2": ["No"], colours: ["red", "blue"] };
  const content = { size: "l", count: 3, gift: false, colours: ["red", "blue"] };
  expect(reply({ behavior: "allow", answers })).toEqual({ action: "accept", content, _meta: null });
});

test("a form that the server could not take is not sent: the question stays open, and says what it takes", () => {
  const { reply } = elicited(ORDER);
  const refuses = (answers: Record<string, string[]>) =>
    expect(() => reply({ behavior: "allow", answers })).toThrow(expect.objectContaining({ code: "invalid_body" }));
  refuses({ size: ["Large"] });
  refuses({ size: ["Large"], count: ["2.5"] });
  refuses({ size: ["Huge"], count: ["2"] });
  expect(reply({ behavior: "deny" })).toEqual({ action: "decline", content: null, _meta: null });
  expect(reply({ behavior: "deny", interrupt: true })).toEqual({ action: "cancel", content: null, _meta: null });
});

test("an address is opened by the person; a server that asks for nothing but a yes asks for leave", () => {
  const visit = elicited({ mode: "url", message: "Sign in", url: "https://example.com/login", elicitationId: "e1" });
  expect(visit.request).toMatchObject({ kind: "question", input: { url: "https://example.com/login", server: "shop" } });
  expect(visit.reply({ behavior: "allow", answers: { url: ["I have opened it"] } })).toEqual({
    action: "accept",
    content: null,
    _meta: null,
  });
  const sure = elicited({ mode: "form", message: "Run it?", requestedSchema: { type: "object", properties: {} } });
  expect(sure.request).toMatchObject({ kind: "permission", tool: "mcp__shop", title: "Run it?", input: { message: "Run it?" } });
  expect(sure.reply({ behavior: "allow" })).toEqual({ action: "accept", content: {}, _meta: null });
});
